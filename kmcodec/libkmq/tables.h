/* The tables that models look things up in, which are filled at start-up and then only read. */

#ifndef KMQ_TABLES_H
#define KMQ_TABLES_H

#include "line_tables.h"
#include "logits.h"
#include "photo_tables.h"
#include "rare.h"

static void kmq_fill_tables(void) {
    kmq_fill_logits();
    kmq_fill_rare_rates();
    kmq_fill_line_tables();
    photo_fill_tables();
}

#endif
