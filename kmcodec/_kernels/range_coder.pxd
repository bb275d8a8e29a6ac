from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef extern from "range_coder.h" nogil:
    enum:
        KMC_BEYOND "KMQ_BEYOND"

    ctypedef struct RangeCoder:
        int64_t position
        int64_t length

    void kmc_start "kmq_start"(RangeCoder *coder, int decoding, uint8_t *bytes, int64_t length)
    int kmc_code_bit "kmq_code_bit"(RangeCoder *coder, int decoding, int bit, uint32_t p, int bits)
    int64_t kmc_finish "kmq_finish"(RangeCoder *coder)
    int kmc_is_canonical "kmq_is_canonical"(const RangeCoder *coder)
