/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nlattr.h"

#include <errno.h>
#include <string.h>

#include "utf8.h"

const struct nlmsghdr *nlmsg_take(const void **data, size_t *left) {
        const struct nlmsghdr *nlh = *data;
        size_t step;

        if (*left < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > *left)
                return NULL;
        step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
        if (step > *left)
                step = *left;
        *data = (const uint8_t *)*data + step;
        *left -= step;
        return nlh;
}

const void *nlmsg_header(const struct nlmsghdr *nlh, size_t size) {
        if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + size)
                return NULL;
        return (const uint8_t *)nlh + MNL_NLMSG_HDRLEN;
}

struct table {
        const enum mnl_attr_data_type *types;
        const struct nlattr **ret;
        size_t n;
};

static int on_attribute(const struct nlattr *attr, void *userdata) {
        const struct table *table = userdata;
        unsigned type = mnl_attr_get_type(attr);

        if (type >= table->n)
                return MNL_CB_OK;
        if (table->types[type] != MNL_TYPE_UNSPEC &&
            mnl_attr_validate(attr, table->types[type]) < 0)
                return MNL_CB_ERROR;
        table->ret[type] = attr;
        return MNL_CB_OK;
}

int nlattr_parse(const void *payload, size_t len, const enum mnl_attr_data_type *types, size_t n,
                 const struct nlattr **ret) {
        struct table table = {.types = types, .ret = ret, .n = n};

        memset(ret, 0, n * sizeof(*ret));
        if (mnl_attr_parse_payload(payload, len, on_attribute, &table) != MNL_CB_OK)
                return -EBADMSG;
        return 0;
}

int nlattr_parse_message(const struct nlmsghdr *nlh, size_t header_size,
                         const enum mnl_attr_data_type *types, size_t n,
                         const struct nlattr **ret) {
        size_t start = MNL_NLMSG_HDRLEN + NLMSG_ALIGN(header_size);

        if (nlh->nlmsg_len < start)
                start = nlh->nlmsg_len;
        return nlattr_parse((const uint8_t *)nlh + start, nlh->nlmsg_len - start, types, n, ret);
}

int nlattr_parse_nested(const struct nlattr *nest, const enum mnl_attr_data_type *types, size_t n,
                        const struct nlattr **ret) {
        if (!nest) {
                memset(ret, 0, n * sizeof(*ret));
                return 0;
        }
        return nlattr_parse(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), types, n,
                            ret);
}

uint32_t nlattr_u32(const struct nlattr *attr, uint32_t absent) {
        return attr ? mnl_attr_get_u32(attr) : absent;
}

uint8_t nlattr_u8(const struct nlattr *attr, uint8_t absent) {
        return attr ? mnl_attr_get_u8(attr) : absent;
}

int nlattr_string(const struct nlattr *attr, char *ret, size_t size) {
        size_t len;

        ret[0] = '\0';
        if (!attr)
                return 0;
        len = strnlen(mnl_attr_get_str(attr), mnl_attr_get_payload_len(attr));
        if (len >= size)
                return -EBADMSG;
        memcpy(ret, mnl_attr_get_str(attr), len);
        ret[len] = '\0';
        utf8_repair(ret);
        return 0;
}
