/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

#define CONTRACT_SIZE 65536

/* clang-format off */
#define FLATTEN                                                                                   \
        "/usr/bin/python3 -c '\n"                                                                 \
        "import sys, xml.etree.ElementTree as tree\n"                                             \
        "def note(e): return [a.get(\"value\") for a in e.findall(\"annotation\")]\n"             \
        "for i in tree.parse(sys.argv[1]).getroot().findall(\"interface\"):\n"                    \
        "  if not i.get(\"name\").startswith(\"org.wherry\"): continue\n"                         \
        "  for m in i:\n"                                                                         \
        "    args = [(a.get(\"name\"), a.get(\"type\"), a.get(\"direction\") or \"in\" if m.tag " \
        "== \"method\" else None) for a in m.findall(\"arg\")]\n"                                 \
        "    print(i.get(\"name\"), m.tag, m.get(\"name\"), m.get(\"type\"), args, note(m))\n"    \
        "' %s | LC_ALL=C sort"
/* clang-format on */

char *bus_contract_of_file(const char *path) {
        char *text = calloc(1, CONTRACT_SIZE);
        char command[1024], line[512];
        FILE *pipe;

        (void)snprintf(command, sizeof(command), FLATTEN, path);
        pipe = popen(command, "r");
        if (!text || !pipe)
                die("popen");
        while (fgets(line, sizeof(line), pipe))
                (void)strncat(text, line, CONTRACT_SIZE - 1 - strlen(text));
        if (pclose(pipe) != 0)
                die("%s is no XML", path);
        return text;
}

char *bus_contract_of_text(const char *xml) {
        char path[] = "/tmp/wherry-contract-XXXXXX";
        int fd = mkstemp(path);
        char *text;

        if (fd < 0 || write(fd, xml, strlen(xml)) != (ssize_t)strlen(xml))
                die("%s cannot be written", path);
        (void)close(fd);
        text = bus_contract_of_file(path);
        (void)unlink(path);
        return text;
}
