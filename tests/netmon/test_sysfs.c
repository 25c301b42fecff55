/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link_msg.h"
#include "link_type.h"
#include "radio_switches.h"
#include "rfkill_msg.h"

#define MADE_UP 0x02 /* first byte of an address that no maker gave */

/* What /sys/class/net/NAME of real machines says, and what netlink says beside it. */
struct record {
        const char *name;
        const char *uevent; /* without INTERFACE and IFINDEX */
        const char *driver; /* name of device/driver; NULL: there is no device */
        const char *bus;    /* name of device/subsystem */
        bool wireless;      /* has phy80211 */
        const char *kind;
        uint16_t arphrd;
        uint8_t address0;
        const char *slave_kind;
        enum link_type type;
        enum metered metered;
};

static const struct record records[] = {
        {"enp0s31f6", "", "e1000e", "pci", false, "", ARPHRD_ETHER, 0x54, "", LINK_TYPE_ETHERNET,
         METERED_NO},
        {"ens3", "", "virtio_net", "virtio", false, "", ARPHRD_ETHER, 0x52, "", LINK_TYPE_ETHERNET,
         METERED_NO},
        {"enx00e04c680001", "", "r8152", "usb", false, "", ARPHRD_ETHER, 0x00, "",
         LINK_TYPE_ETHERNET, METERED_NO},
        {"enx606d3cdd0102", "", "cdc_ncm", "usb", false, "", ARPHRD_ETHER, 0x60, "",
         LINK_TYPE_ETHERNET, METERED_NO}, /* a dock */
        {"lan1", "DEVTYPE=dsa\n", "mt7530", "mdio_bus", false, "dsa", ARPHRD_ETHER, 0x00, "",
         LINK_TYPE_ETHERNET, METERED_NO},
        {"wlp3s0", "DEVTYPE=wlan\n", "iwlwifi", "pci", true, "", ARPHRD_ETHER, 0xf8, "",
         LINK_TYPE_WIFI, METERED_UNKNOWN},
        {"wlan0", "", "brcmfmac", "sdio", true, "", ARPHRD_ETHER, 0xdc, "", LINK_TYPE_WIFI,
         METERED_UNKNOWN},
        {"mon0", "DEVTYPE=wlan\n", "iwlwifi", "pci", true, "", ARPHRD_IEEE80211_RADIOTAP, 0xf8, "",
         LINK_TYPE_WIFI, METERED_UNKNOWN},
        /* Modems: in Ethernet mode, raw-ip, as MBIM, below PCIe, on a Qualcomm phone. */
        {"wwp0s20f0u6i12", "DEVTYPE=wwan\n", "cdc_mbim", "usb", false, "", ARPHRD_ETHER, MADE_UP,
         "", LINK_TYPE_CELLULAR, METERED_YES},
        {"wwan0", "DEVTYPE=wwan\n", "qmi_wwan", "usb", false, "", ARPHRD_NONE, 0, "",
         LINK_TYPE_CELLULAR, METERED_YES},
        {"wwan0", "", "qmi_wwan", "usb", false, "", ARPHRD_ETHER, MADE_UP, "", LINK_TYPE_CELLULAR,
         METERED_YES},
        {"wwan0", "DEVTYPE=wwan\n", "iosm", "pci", false, "wwan", ARPHRD_NONE, 0, "",
         LINK_TYPE_CELLULAR, METERED_YES},
        {"mhi_hwip0", "", "mhi_net", "mhi", false, "", ARPHRD_RAWIP, 0, "", LINK_TYPE_CELLULAR,
         METERED_YES},
        {"wwan0", "DEVTYPE=wwan\n", "bam-dmux", "platform", false, "", ARPHRD_RAWIP, 0, "",
         LINK_TYPE_CELLULAR, METERED_YES},
        {"rmnet_ipa0", "", "ipa", "platform", false, "", ARPHRD_RAWIP, 0, "", LINK_TYPE_CELLULAR,
         METERED_YES},
        {"rmnet_data0", "", NULL, NULL, false, "rmnet", ARPHRD_RAWIP, 0, "", LINK_TYPE_CELLULAR,
         METERED_YES},
        {"qmimux0", "", NULL, NULL, false, "", ARPHRD_RAWIP, 0, "", LINK_TYPE_CELLULAR,
         METERED_YES},
        /* PPP over a modem's serial line and over a cable look the same: nothing is guessed. */
        {"ppp0", "DEVTYPE=ppp\n", NULL, NULL, false, "ppp", ARPHRD_PPP, 0, "", LINK_TYPE_UNKNOWN,
         METERED_UNKNOWN},
        {"ppp0", "DEVTYPE=ppp\n", NULL, NULL, false, "", ARPHRD_PPP, 0, "", LINK_TYPE_UNKNOWN,
         METERED_UNKNOWN},
        /* Phones. */
        {"enp0s20f0u1", "", "rndis_host", "usb", false, "", ARPHRD_ETHER, MADE_UP, "",
         LINK_TYPE_TETHER, METERED_YES},
        {"eth1", "", "ipheth", "usb", false, "", ARPHRD_ETHER, 0xa6, "", LINK_TYPE_TETHER,
         METERED_YES},
        {"usb0", "", "cdc_ncm", "usb", false, "", ARPHRD_ETHER, MADE_UP, "", LINK_TYPE_TETHER,
         METERED_YES},
        {"usb0", "", "cdc_ether", "usb", false, "", ARPHRD_ETHER, MADE_UP, "", LINK_TYPE_TETHER,
         METERED_YES},
        {"bnep0", "DEVTYPE=bluetooth\n", NULL, NULL, false, "", ARPHRD_ETHER, 0x00, "",
         LINK_TYPE_BLUETOOTH, METERED_YES},
        /* Tunnels. */
        {"wg0", "DEVTYPE=wireguard\n", NULL, NULL, false, "wireguard", ARPHRD_NONE, 0, "",
         LINK_TYPE_VPN, METERED_UNKNOWN},
        {"tun0", "", NULL, NULL, false, "tun", ARPHRD_NONE, 0, "", LINK_TYPE_VPN, METERED_UNKNOWN},
        {"sit1", "", NULL, NULL, false, "sit", ARPHRD_SIT, 0, "", LINK_TYPE_VPN, METERED_UNKNOWN},
        {"vti0", "", NULL, NULL, false, "vti", ARPHRD_TUNNEL, 0, "", LINK_TYPE_VPN,
         METERED_UNKNOWN},
        /* Of containers and virtual machines. */
        {"docker0", "DEVTYPE=bridge\n", NULL, NULL, false, "bridge", ARPHRD_ETHER, MADE_UP, "",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"veth1a2b3c4", "", NULL, NULL, false, "veth", ARPHRD_ETHER, MADE_UP, "bridge",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"vnet0", "", NULL, NULL, false, "tun", ARPHRD_ETHER, 0xfe, "bridge", LINK_TYPE_VIRTUAL,
         METERED_UNKNOWN},
        {"macvlan0", "DEVTYPE=macvlan\n", NULL, NULL, false, "macvlan", ARPHRD_ETHER, MADE_UP, "",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"flannel.1", "DEVTYPE=vxlan\n", NULL, NULL, false, "vxlan", ARPHRD_ETHER, MADE_UP, "",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"bond0", "DEVTYPE=bond\n", NULL, NULL, false, "bond", ARPHRD_ETHER, 0x54, "",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"eth0.5", "DEVTYPE=vlan\n", NULL, NULL, false, "vlan", ARPHRD_ETHER, 0x54, "",
         LINK_TYPE_VIRTUAL, METERED_UNKNOWN},
        {"dummy0", "", NULL, NULL, false, "dummy", ARPHRD_ETHER, MADE_UP, "", LINK_TYPE_VIRTUAL,
         METERED_UNKNOWN},
        /* A port is what it was; that it is one stands beside its type. */
        {"enp1s0", "", "igc", "pci", false, "", ARPHRD_ETHER, 0x54, "bond", LINK_TYPE_ETHERNET,
         METERED_NO},
        {"ib0", "", "mlx5_core", "pci", false, "", ARPHRD_INFINIBAND, 0x00, "", LINK_TYPE_UNKNOWN,
         METERED_UNKNOWN},
};

#define INDEX 7

static char root[] = "/tmp/wherry-sysfs-XXXXXX";

static void write_file(const char *directory, const char *name, const char *text) {
        char path[256];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
        file = fopen(path, "we");
        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A link to something far away, as those of sysfs are. */
static void make_link(const char *directory, const char *name, const char *where,
                      const char *target) {
        char path[256], text[128];

        (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
        (void)snprintf(text, sizeof(text), "../../%s/%s", where, target);
        cr_assert(eq(int, symlink(text, path), 0));
}

static void make_tree(const struct record *record) {
        char directory[128], device[160], text[256];

        (void)snprintf(directory, sizeof(directory), "%s/class/net/%s", root, record->name);
        (void)snprintf(text, sizeof(text), "rm -rf %s/class && mkdir -p %s", root, directory);
        cr_assert(eq(int, system(text), 0));
        (void)snprintf(text, sizeof(text), "%d\n", INDEX);
        write_file(directory, "ifindex", text);
        (void)snprintf(text, sizeof(text), "%02x:11:22:33:44:55\n", record->address0);
        write_file(directory, "address", text);
        (void)snprintf(text, sizeof(text), "%sINTERFACE=%s\nIFINDEX=%d\n", record->uevent,
                       record->name, INDEX);
        write_file(directory, "uevent", text);
        (void)snprintf(device, sizeof(device), "%s/phy80211", directory);
        if (record->wireless)
                cr_assert(eq(int, mkdir(device, 0700), 0));
        if (!record->driver)
                return;
        (void)snprintf(device, sizeof(device), "%s/device", directory);
        cr_assert(eq(int, mkdir(device, 0700), 0));
        make_link(device, "driver", "drivers", record->driver);
        make_link(device, "subsystem", "bus", record->bus);
}

static struct link_facts facts_of(const struct record *record) {
        struct link_facts facts = {
                .index = INDEX,
                .arphrd = record->arphrd,
                .hardware_address_len = 6,
                .hardware_address = {record->address0, 0x11, 0x22, 0x33, 0x44, 0x55},
        };

        (void)snprintf(facts.name, sizeof(facts.name), "%s", record->name);
        (void)snprintf(facts.kind, sizeof(facts.kind), "%s", record->kind);
        (void)snprintf(facts.slave_kind, sizeof(facts.slave_kind), "%s", record->slave_kind);
        if (strcmp(record->kind, "tun") == 0)
                facts.tun_type = record->arphrd == ARPHRD_NONE ? IFF_TUN : IFF_TAP;
        return facts;
}

static void setup(void) {
        cr_assert(mkdtemp(root) != NULL);
}

static void teardown(void) {
        char command[64];

        (void)snprintf(command, sizeof(command), "rm -rf %s", root);
        (void)system(command);
}

TestSuite(sysfs, .init = setup, .fini = teardown);

Test(sysfs, recorded_links) {
        for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
                const struct record *record = &records[i];
                struct link_facts facts = facts_of(record);
                struct link_device device;
                enum link_type type;

                make_tree(record);
                sysfs_read_device(root, &facts, &device);
                cr_assert(eq(str, device.driver, (char *)(record->driver ? record->driver : "")));
                cr_assert(eq(str, device.bus, (char *)(record->bus ? record->bus : "")));
                cr_assert(eq(int, device.physical, record->driver != NULL));
                type = link_type_guess(&facts, &device);
                cr_assert(eq(int, type, record->type), "row %zu, %s: %s", i, record->name,
                          link_type_to_string(type));
                cr_assert(eq(int, link_type_metered(type), record->metered), "row %zu", i);
        }
}

/* The sysfs of another namespace: by the name there is another link. */
Test(sysfs, another_link_of_the_name) {
        static const struct record record = {
                "eth0", "DEVTYPE=wlan\n", "iwlwifi",      "pci", true, "", ARPHRD_ETHER, 0x54,
                "",     LINK_TYPE_WIFI,   METERED_UNKNOWN};
        struct link_facts facts = facts_of(&record);
        struct link_device device;

        make_tree(&record);
        facts.index = INDEX + 1;
        sysfs_read_device(root, &facts, &device);
        cr_assert(eq(str, device.driver, ""));
        facts = facts_of(&record);
        facts.hardware_address[5]++;
        sysfs_read_device(root, &facts, &device);
        cr_assert(not(device.wireless));
        facts = facts_of(&record);
        (void)snprintf(facts.name, sizeof(facts.name), "eth1");
        sysfs_read_device(root, &facts, &device);
        cr_assert(eq(str, device.devtype, ""));
}

static void write_switch(const char *name, const char *text) {
        char directory[128];

        (void)snprintf(directory, sizeof(directory), "%s/class", root);
        (void)mkdir(directory, 0700);
        (void)snprintf(directory, sizeof(directory), "%s/class/rfkill", root);
        (void)mkdir(directory, 0700);
        (void)snprintf(directory, sizeof(directory), "%s/class/rfkill/%s", root, name);
        cr_assert(eq(int, mkdir(directory, 0700), 0));
        if (text)
                write_file(directory, "uevent", text);
}

Test(sysfs, kill_switches) {
        struct radio_switches switches = {.n = 7};
        struct rfkill_msg msg;

        sysfs_read_switches(root, &switches);
        cr_assert(eq(sz, switches.n, 0)); /* no module, no directory */
        write_switch("rfkill0", "RFKILL_NAME=phy0\nRFKILL_TYPE=wlan\nRFKILL_STATE=0\n"
                                "RFKILL_HW_BLOCK_REASON=0x0\n");
        write_switch("rfkill3", "RFKILL_NAME=hci0\nRFKILL_TYPE=bluetooth\nRFKILL_STATE=2\n");
        write_switch("rfkill4", NULL); /* just taken away */
        write_switch("rfkill5", "RFKILL_NAME=x\nRFKILL_TYPE=wlan\n");
        write_switch("other", "RFKILL_NAME=x\nRFKILL_TYPE=wlan\nRFKILL_STATE=1\n");
        sysfs_read_switches(root, &switches);
        cr_assert(eq(sz, switches.n, 2));
        cr_assert(radio_switches_all_blocked(&switches));
        cr_assert(eq(int, sysfs_read_switch(root, 3, &msg), 0));
        cr_assert(eq(u32, msg.index, 3));
        cr_assert(eq(int, msg.type, LINK_TYPE_BLUETOOTH));
        cr_assert(eq(int, sysfs_read_switch(root, 4, &msg), -ENOENT));
        cr_assert(eq(int, sysfs_read_switch(root, 5, &msg), -EBADMSG));
        cr_assert(eq(int, sysfs_read_switch(root, 6, &msg), -ENOENT));
}

/* Without a sysfs that can be believed the name is what is left. */
Test(sysfs, by_name_at_last) {
        static const struct {
                const char *name;
                uint16_t arphrd;
                const char *bus;
                enum link_type type;
        } rows[] = {
                {"wlp3s0", ARPHRD_ETHER, "pci", LINK_TYPE_WIFI},
                {"wwan0", ARPHRD_NONE, "usb", LINK_TYPE_CELLULAR},
                {"bnep0", ARPHRD_ETHER, "", LINK_TYPE_BLUETOOTH},
                {"enp1s0", ARPHRD_ETHER, "pci", LINK_TYPE_ETHERNET},
                {"eth0", ARPHRD_ETHER, "", LINK_TYPE_VIRTUAL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct link_facts facts = {.index = INDEX, .arphrd = rows[i].arphrd};
                struct link_device device;

                (void)snprintf(facts.name, sizeof(facts.name), "%s", rows[i].name);
                (void)snprintf(facts.parent_bus, sizeof(facts.parent_bus), "%s", rows[i].bus);
                sysfs_read_device(root, &facts, &device);
                cr_assert(eq(int, link_type_guess(&facts, &device), rows[i].type), "row %zu", i);
        }
}
