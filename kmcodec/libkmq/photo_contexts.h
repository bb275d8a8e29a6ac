/* Model photo: what the lines of logits are found by, and how fast they learn (spec 6.3.4).

   A list names its contexts. DIRECT(value, rate, first) has a line for every value, which is below
   2^bits; HASHED(sum, rate, first) has up to 2^log_lines for all. W, N and so on are neighbors times
   their multipliers. A line learns by `first` at its first visit, then by less, down to `rate`. */

/* 1 to 4 bits */
#define PHOTO_LIST_A(HASHED, DIRECT)                                                               \
    DIRECT(a.w, 1500, 18000)                                                                       \
    DIRECT(a.ne, 1500, 12000)                                                                      \
    HASHED(BLOCK, 4300, 6800)                                                                      \
    HASHED(W + WW + WWW, 1600, 13000)                                                              \
    HASHED(N + NN, 2000, 21000)                                                                    \
    HASHED(W + N + NE + NEE, 1900, 16000)                                                          \
    DIRECT(a.nee, 1500, 9700)                                                                      \
    HASHED(W + N + NW, 1300, 16000)                                                                \
    HASHED(N + COLUMN, 11000, 8600)

/* 5 and 6 bits: an even number */
#define PHOTO_LIST_B(HASHED, DIRECT)                                                               \
    DIRECT(a.ne, 1700, 13000)                                                                      \
    DIRECT(a.w, 1500, 19000)                                                                       \
    DIRECT(a.n, 1400, 12000)                                                                       \
    DIRECT(ahead_n, 750, 2900)                                                                     \
    DIRECT(a.nw, 1600, 4600)                                                                       \
    DIRECT(a.nne, 1100, 2600)                                                                      \
    DIRECT(a.nee, 1500, 11000)                                                                     \
    HASHED(W + WW, 1800, 14000)                                                                    \
    HASHED(N + NN, 1200, 11000)                                                                    \
    HASHED(W + N + NE + NEE, 1800, 6900)                                                           \
    DIRECT(a.nww, 1600, 2800)                                                                      \
    HASHED(BLOCK, 4700, 4700)                                                                      \
    HASHED(W + COLUMN, 2600, 4500)                                                                 \
    HASHED(SIX, 1300, 8700)

/* 7 and 8 bits */
#define PHOTO_LIST_C(HASHED, DIRECT)                                                               \
    DIRECT(a.ne, 3300, 15000)                                                                      \
    DIRECT(a.w, 4000, 32767)                                                                       \
    DIRECT(a.n, 3400, 20000)                                                                       \
    DIRECT(a.nw, 3200, 6000)                                                                       \
    HASHED(SIX, 650, 8500)                                                                         \
    HASHED(N + NN, 3800, 8500)                                                                     \
    DIRECT(a.nee, 3700, 18000)                                                                     \
    DIRECT(ahead_w, 2200, 8000)

/* 9 to 16 bits, and small bands of 7 and 8 */
#define PHOTO_LIST_D(HASHED, DIRECT)                                                               \
    HASHED(NE, 3300, 15000)                                                                        \
    HASHED(W, 4000, 32767)                                                                         \
    HASHED(N, 3400, 20000)                                                                         \
    HASHED(NW, 3200, 6000)                                                                         \
    HASHED(SIX, 650, 8500)                                                                         \
    HASHED(N + NN, 3800, 8500)                                                                     \
    HASHED(NEE, 3700, 18000)                                                                       \
    HASHED(ahead_w *KMQ_W, 2200, 8000)
