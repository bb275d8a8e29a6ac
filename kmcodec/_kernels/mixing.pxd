from libc.stdint cimport int16_t, uint8_t, uint32_t

cdef extern from "mixing.h" nogil:
    enum:
        KMC_SLOTS
        KMC_LANES
        KMC_DIRECT_LINES
        KMC_BORDER
        KMC_PHOTO
        KMC_SLIM
        KMC_GRAPHICS

    const uint32_t KMC_W, KMC_N, KMC_NW, KMC_NE, KMC_WW, KMC_NN, KMC_NEE, KMC_NWW, KMC_NNE
    const uint32_t KMC_NNW, KMC_WWW, KMC_NEEE, KMC_X, KMC_Y, KMC_PATH
    const uint32_t KMC_FLAT

    ctypedef struct KmcDecision:
        pass

    void kmc_clear_upper_halves()
    void kmc_split_neighbors(uint8_t *ones, int bits, uint32_t w, uint32_t n, uint32_t ne,
                             uint32_t nw, uint32_t ww, uint32_t nn)

    int kmc_stretch(int p)
    void kmc_fill_tables()
    uint32_t kmc_squash(int d)
    int kmc_clamp(int v, int low, int high)
    int16_t *kmc_find_line(int16_t *table, uint32_t hash, int shift)
    int kmc_predict(KmcDecision *decision, int16_t **lines, int16_t **weights, int contexts,
                    int vectors, int node, int matching, int match)
    void kmc_learn(const KmcDecision *decision, int16_t **lines, int16_t **weights, int contexts,
                   int vectors, int node, int error, int bit, int dither)
