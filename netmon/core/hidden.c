/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hidden.h"

#include "model.h"

static bool is_software(const struct link *link) {
        return link->type == LINK_TYPE_VIRTUAL || link->type == LINK_TYPE_VPN;
}

static bool has_address(const struct link *link) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (address_scope(&link->addresses[i]) > NETADDR_LINK)
                        return true;
        return false;
}

static bool has_real_port(const struct model *model, const struct link *bridge) {
        for (size_t i = 0; i < model->n_links; i++)
                if (model->links[i]->facts.master == bridge->facts.index &&
                    !is_software(model->links[i]))
                        return true;
        return false;
}

bool link_is_hidden(const struct model *model, const struct link *link) {
        if (link->is_named)
                return false;
        if (link_is_port(link))
                return true;
        if (!is_software(link))
                return false;
        if (!has_address(link))
                return true;
        return strcmp(link->facts.kind, "bridge") == 0 && !has_real_port(model, link);
}

bool link_matters(const struct model *model, const struct link *link) {
        return link->in_path || link->n_addresses > 0 || !link_is_hidden(model, link);
}
