/* What the tests in C have in common. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pointlock.h"

/* The fault of the last call that was refused. */
static pointlock_fault fault;

/* Ends the program unless it holds. */
#define HOLDS(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* A call that has to be answered by this code. */
#define ANSWERS(expected, call) \
    do { \
        pointlock_error code_ = (call); \
        if (code_ != (expected)) { \
            fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, pointlock_error_name(code_), fault.detail); \
            exit(1); \
        } \
    } while (0)

/* A call that has to succeed. */
#define OK(call) ANSWERS(POINTLOCK_OK, call)

/* A call that has to be refused: with this code, and with this argument to blame. */
#define REFUSED(expected, blamed, call) \
    do { \
        memset(&fault, 0, sizeof fault); \
        ANSWERS(expected, call); \
        HOLDS(fault.argument != NULL && strcmp(fault.argument, (blamed)) == 0); \
    } while (0)

/* Bytes that are the same in each run. Never so outside a test. */
static void fill(unsigned char *bytes, size_t length, unsigned char with)
{
    memset(bytes, with, length);
}

#endif
