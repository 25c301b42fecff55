/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bucket.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(bucket, empties_and_refills_one_by_one) {
        struct bucket b = BUCKET_INIT(2, 100);

        cr_assert(bucket_take(&b, 1000));
        cr_assert(bucket_take(&b, 1000));
        cr_assert(not(bucket_take(&b, 1000)));
        cr_assert(not(bucket_take(&b, 1099)));
        cr_assert(bucket_take(&b, 1100));
        cr_assert(not(bucket_take(&b, 1199)));
        cr_assert(bucket_take(&b, 1200));
}

Test(bucket, never_holds_more_than_its_size) {
        struct bucket b = BUCKET_INIT(2, 100);

        (void)bucket_take(&b, 0);
        bucket_give(&b);
        bucket_give(&b);
        cr_assert(bucket_take(&b, 1000000));
        cr_assert(bucket_take(&b, 1000000));
        cr_assert(not(bucket_take(&b, 1000000)));
}

Test(bucket, tells_when_the_next_token_comes) {
        struct bucket b = BUCKET_INIT(1, 100);

        cr_assert(eq(u64, bucket_next_usec(&b, 5000), 5000));
        (void)bucket_take(&b, 5000);
        cr_assert(eq(u64, bucket_next_usec(&b, 5030), 5100));
}

Test(bucket, clock_going_back_gives_nothing) {
        struct bucket b = BUCKET_INIT(1, 100);

        (void)bucket_take(&b, 5000);
        cr_assert(not(bucket_take(&b, 10)));
}
