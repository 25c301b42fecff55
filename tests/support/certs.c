/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

#define DAY_SEC (24L * 60 * 60)

struct identity {
        EVP_PKEY *key;
        X509 *certificate;
};

static void add_extension(X509 *certificate, int nid, const char *value) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

        if (!extension || X509_add_ext(certificate, extension, -1) != 1)
                die("certificate extension %s", value);
        X509_EXTENSION_free(extension);
}

/* Issued by `issuer`, or by itself as an authority. */
static struct identity issue(const char *name, const char *alternative_names, long first_day,
                             long last_day, const struct identity *issuer) {
        struct identity new = {EVP_EC_gen("P-256"), X509_new()};
        X509_NAME *subject = X509_get_subject_name(new.certificate);
        static long serial = 1;

        (void)X509_set_version(new.certificate, X509_VERSION_3);
        (void)ASN1_INTEGER_set(X509_get_serialNumber(new.certificate), serial++);
        (void)X509_gmtime_adj(X509_getm_notBefore(new.certificate), first_day * DAY_SEC);
        (void)X509_gmtime_adj(X509_getm_notAfter(new.certificate), last_day * DAY_SEC);
        (void)X509_set_pubkey(new.certificate, new.key);
        (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
                                         -1, -1, 0);
        (void)X509_set_issuer_name(new.certificate,
                                   issuer ? X509_get_subject_name(issuer->certificate) : subject);
        if (issuer)
                add_extension(new.certificate, NID_subject_alt_name, alternative_names);
        else
                add_extension(new.certificate, NID_basic_constraints, "critical,CA:TRUE");
        if (X509_sign(new.certificate, issuer ? issuer->key : new.key, EVP_sha256()) == 0)
                die("the certificate %s cannot be signed", name);
        return new;
}

static void identity_free(struct identity *identity) {
        EVP_PKEY_free(identity->key);
        X509_free(identity->certificate);
}

void certs_path(const struct certs *certs, const char *name, char *path, size_t size) {
        (void)snprintf(path, size, "%s/%s.pem", certs->directory, name);
}

static void write_identity(const struct certs *certs, const char *name, struct identity identity) {
        char path[128];
        FILE *file;

        certs_path(certs, name, path, sizeof(path));
        file = fopen(path, "we");
        if (!file)
                die("%s: cannot be written", path);
        (void)PEM_write_X509(file, identity.certificate);
        (void)PEM_write_PrivateKey(file, identity.key, NULL, NULL, 0, NULL, NULL);
        (void)fclose(file);
}

static void make_pin(struct certs *certs, const struct identity *identity) {
        unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
        int len = i2d_PUBKEY(identity->key, &der);

        (void)EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
        (void)strcpy(certs->pin, "sha256//");
        (void)EVP_EncodeBlock((unsigned char *)certs->pin + 8, digest, 32);
        OPENSSL_free(der);
}

static void keep_authority(struct certs *certs, const struct identity *ca) {
        BIO *memory = BIO_new(BIO_s_mem());
        int n;

        (void)PEM_write_bio_X509(memory, ca->certificate);
        n = BIO_read(memory, certs->ca, sizeof(certs->ca));
        if (n <= 0 || (size_t)n >= sizeof(certs->ca))
                die("the authority's certificate does not fit");
        certs->ca_len = (size_t)n;
        BIO_free(memory);
}

void certs_make(struct certs *certs) {
        static const char good_names[] = "DNS:localhost,DNS:good.test,IP:127.0.0.1";
        struct identity ca = issue("Test CA", NULL, -10, 10, NULL);
        struct identity unknown_ca = issue("Unknown CA", NULL, -10, 10, NULL);
        struct identity good = issue("good", good_names, -5, 5, &ca);
        struct identity expired = issue("expired", good_names, -5, -1, &ca);
        struct identity other = issue("other", "DNS:other.test", -5, 5, &ca);
        struct identity stranger = issue("stranger", good_names, -5, 5, &unknown_ca);

        (void)strcpy(certs->directory, "/tmp/wherry-certs-XXXXXX");
        if (!mkdtemp(certs->directory))
                die("no directory for certificates");
        write_identity(certs, "ca", ca);
        write_identity(certs, "good", good);
        write_identity(certs, "expired", expired);
        write_identity(certs, "other", other);
        write_identity(certs, "stranger", stranger);
        keep_authority(certs, &ca);
        make_pin(certs, &good);
        identity_free(&ca);
        identity_free(&unknown_ca);
        identity_free(&good);
        identity_free(&expired);
        identity_free(&other);
        identity_free(&stranger);
}

void certs_make_directory(const struct certs *certs, const char *directory) {
        char path[128];
        FILE *file;
        X509 *ca;

        certs_path(certs, "ca", path, sizeof(path));
        file = fopen(path, "re");
        ca = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
        if (!ca)
                die("%s: cannot be read", path);
        (void)fclose(file);
        (void)snprintf(path, sizeof(path), "%s/%08lx.0", directory, X509_subject_name_hash(ca));
        file = fopen(path, "we");
        if (!file)
                die("%s: cannot be written", path);
        (void)PEM_write_X509(file, ca);
        (void)fclose(file);
        X509_free(ca);
}

void certs_remove(const struct certs *certs) {
        static const char *const names[] = {"ca", "good", "expired", "other", "stranger"};
        char path[128];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                certs_path(certs, names[i], path, sizeof(path));
                (void)unlink(path);
        }
        (void)rmdir(certs->directory);
}
