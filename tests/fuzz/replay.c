/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Feeds files to a fuzz target, so that seeds and past crashes run as ordinary tests. Arguments are
 * files or directories of files. */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_files;

/* The copy is exactly as large as the file, so that the sanitizer sees a read past its end. */
static void replay_file(const char *path) {
        FILE *file = fopen(path, "re");
        struct stat st;
        uint8_t *data;

        if (!file || fstat(fileno(file), &st) < 0) {
                (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
                exit(EXIT_FAILURE);
        }
        data = malloc((size_t)st.st_size);
        if (fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size) {
                (void)fprintf(stderr, "%s: cannot be read\n", path);
                exit(EXIT_FAILURE);
        }
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
        free(data);
        n_files++;
}

static void replay_directory(const char *path, DIR *directory) {
        struct dirent *entry;

        while ((entry = readdir(directory))) {
                char file_path[4096];

                if (entry->d_name[0] == '.')
                        continue;
                (void)snprintf(file_path, sizeof(file_path), "%s/%s", path, entry->d_name);
                replay_file(file_path);
        }
}

int main(int argc, char *argv[]) {
        for (int i = 1; i < argc; i++) {
                DIR *directory = opendir(argv[i]);

                if (!directory) {
                        replay_file(argv[i]);
                        continue;
                }
                replay_directory(argv[i], directory);
                (void)closedir(directory);
        }
        printf("%u files\n", n_files);
        return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
