/* The C interface from C: what it does, what it refuses, and that a refused call writes nothing. Every refusal has its accepted twin.
 * Run plain, under valgrind, and with the sanitizers for addresses and undefined behaviour. */

#include <pthread.h>

#include "check.h"

/* Byte for byte what it was. */
static int is_untouched(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0xa5) {
            return 0;
        }
    }
    return 1;
}

static pointlock_keypair *keypair(unsigned char byte, pointlock_point *public_key)
{
    unsigned char secret[POINTLOCK_SECRET_LENGTH];
    pointlock_keypair *made = NULL;
    fill(secret, sizeof secret, byte);
    OK(pointlock_keypair_new(&made, POINTLOCK_ARRAY(secret), &fault));
    OK(pointlock_keypair_public_key(made, public_key, &fault));
    return made;
}

static pointlock_secret *secret(unsigned char byte, pointlock_point *point)
{
    unsigned char bytes[POINTLOCK_SECRET_LENGTH];
    pointlock_secret *made = NULL;
    fill(bytes, sizeof bytes, byte);
    OK(pointlock_secret_new(&made, POINTLOCK_ARRAY(bytes), &fault));
    OK(pointlock_secret_point(made, point, &fault));
    return made;
}

static void versions(void)
{
    OK(pointlock_check_version(POINTLOCK_VERSION, &fault));
    REFUSED(POINTLOCK_ERROR_VERSION, "version", pointlock_check_version(POINTLOCK_VERSION + 1, &fault));
    HOLDS(pointlock_interface_version == POINTLOCK_VERSION && pointlock_version() == POINTLOCK_VERSION);
    HOLDS(strcmp(pointlock_error_name(POINTLOCK_ERROR_OVERLAP), "POINTLOCK_ERROR_OVERLAP") == 0);
    HOLDS(strcmp(pointlock_error_name(-1), "POINTLOCK_ERROR_UNKNOWN") == 0);
}

/* Before anything else: then it is accepted, and once. */
static void entropy(void)
{
    unsigned char seed[POINTLOCK_RANDOM_LENGTH];
    fill(seed, sizeof seed, 9);
    OK(pointlock_randomize(POINTLOCK_ARRAY(seed), &fault));
    ANSWERS(POINTLOCK_ERROR_CONTEXT_IN_USE, pointlock_randomize(POINTLOCK_ARRAY(seed), &fault));
}

static void schnorr(void)
{
    pointlock_point key, lock_point, nothing;
    pointlock_keypair *signer = keypair(1, &key);
    pointlock_secret *lock_secret = secret(2, &lock_point), *learned = NULL;
    unsigned char message[POINTLOCK_MESSAGE_LENGTH], aux[POINTLOCK_RANDOM_LENGTH] = {0};
    unsigned char pre[POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH], signature[POINTLOCK_SIGNATURE_LENGTH];
    unsigned char bytes[POINTLOCK_SECRET_LENGTH];
    fill(message, sizeof message, 3);
    memset(&nothing, 0, sizeof nothing);

    fill(pre, sizeof pre, 0xa5);
    REFUSED(POINTLOCK_ERROR_NULL_POINTER, "keypair", pointlock_schnorr_pre_sign(NULL, POINTLOCK_ARRAY(message), &lock_point, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), &fault));
    REFUSED(POINTLOCK_ERROR_LENGTH, "message", pointlock_schnorr_pre_sign(signer, message, 31, &lock_point, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), &fault));
    REFUSED(POINTLOCK_ERROR_LENGTH, "pre_signature", pointlock_schnorr_pre_sign(signer, POINTLOCK_ARRAY(message), &lock_point, POINTLOCK_ARRAY(aux), pre, 64, &fault));
    REFUSED(POINTLOCK_ERROR_POINT, "lock_point", pointlock_schnorr_pre_sign(signer, POINTLOCK_ARRAY(message), &nothing, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), &fault));
    /* Without a fault the code is all there is. */
    ANSWERS(POINTLOCK_ERROR_POINT, pointlock_schnorr_pre_sign(signer, POINTLOCK_ARRAY(message), &nothing, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), NULL));
    HOLDS(is_untouched(pre, sizeof pre));
    OK(pointlock_schnorr_pre_sign(signer, POINTLOCK_ARRAY(message), &lock_point, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), &fault));

    OK(pointlock_schnorr_verify(POINTLOCK_ARRAY(pre), &key, POINTLOCK_ARRAY(message), &lock_point, &fault));
    REFUSED(POINTLOCK_ERROR_PRE_SIGNATURE_INVALID, "pre_signature", pointlock_schnorr_verify(POINTLOCK_ARRAY(pre), &lock_point, POINTLOCK_ARRAY(message), &lock_point, &fault));

    OK(pointlock_schnorr_adapt(POINTLOCK_ARRAY(pre), lock_secret, POINTLOCK_ARRAY(signature), &fault));
    OK(pointlock_schnorr_verify_signature(POINTLOCK_ARRAY(signature), &key, POINTLOCK_ARRAY(message), &fault));
    OK(pointlock_schnorr_extract(POINTLOCK_ARRAY(pre), POINTLOCK_ARRAY(signature), &key, POINTLOCK_ARRAY(message), &lock_point, &learned, &fault));
    OK(pointlock_secret_opens(learned, &lock_point, &fault));
    REFUSED(POINTLOCK_ERROR_SECRET_MISMATCH, "secret", pointlock_secret_opens(learned, &key, &fault));
    OK(pointlock_dangerous_secret_bytes(learned, POINTLOCK_ARRAY(bytes), &fault));
    HOLDS(bytes[0] == 2 && bytes[31] == 2);

    signature[63] ^= 1;
    {
        pointlock_secret *untouched = learned;
        REFUSED(POINTLOCK_ERROR_SIGNATURE_INVALID, "signature", pointlock_schnorr_extract(POINTLOCK_ARRAY(pre), POINTLOCK_ARRAY(signature), &key, POINTLOCK_ARRAY(message), &lock_point, &untouched, &fault));
        HOLDS(untouched == learned);
    }
    pointlock_secret_free(learned);
    pointlock_secret_free(lock_secret);
    pointlock_secret_free(NULL);
    pointlock_keypair_free(signer);
}

static void ecdsa(void)
{
    pointlock_point key, lock_point;
    pointlock_keypair *signer = keypair(1, &key);
    pointlock_secret *lock_secret = secret(2, &lock_point), *learned = NULL;
    unsigned char message[POINTLOCK_MESSAGE_LENGTH], aux[POINTLOCK_RANDOM_LENGTH] = {0};
    unsigned char pre[POINTLOCK_ECDSA_PRE_SIGNATURE_LENGTH], signature[POINTLOCK_SIGNATURE_LENGTH];
    fill(message, sizeof message, 3);
    OK(pointlock_ecdsa_pre_sign_verified(signer, POINTLOCK_ARRAY(message), &lock_point, POINTLOCK_ARRAY(aux), POINTLOCK_ARRAY(pre), &fault));
    OK(pointlock_ecdsa_verify(POINTLOCK_ARRAY(pre), &key, POINTLOCK_ARRAY(message), &lock_point, &fault));
    REFUSED(POINTLOCK_ERROR_PRE_SIGNATURE_INVALID, "pre_signature", pointlock_ecdsa_verify(POINTLOCK_ARRAY(pre), &key, POINTLOCK_ARRAY(message), &key, &fault));
    OK(pointlock_ecdsa_adapt_verified(POINTLOCK_ARRAY(pre), lock_secret, &key, POINTLOCK_ARRAY(message), POINTLOCK_ARRAY(signature), &fault));
    OK(pointlock_ecdsa_extract(POINTLOCK_ARRAY(pre), POINTLOCK_ARRAY(signature), &key, POINTLOCK_ARRAY(message), &lock_point, &learned, &fault));
    OK(pointlock_secret_opens(learned, &lock_point, &fault));
    pointlock_secret_free(learned);
    pointlock_secret_free(lock_secret);
    pointlock_keypair_free(signer);
}

/* Twelve at once: as one sum, and with a verdict for each. */
static void batch(void)
{
    enum { COUNT = 12, LENGTH = POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH };
    pointlock_point keys[COUNT], lock_points[COUNT];
    unsigned char pres[COUNT * LENGTH], messages[COUNT * POINTLOCK_MESSAGE_LENGTH], aux[POINTLOCK_RANDOM_LENGTH] = {0};
    unsigned char verdicts[COUNT];
    for (unsigned char i = 0; i < COUNT; i++) {
        unsigned char *message = messages + i * POINTLOCK_MESSAGE_LENGTH;
        pointlock_keypair *signer = keypair((unsigned char)(i + 1), &keys[i]);
        pointlock_secret_free(secret((unsigned char)(i + 50), &lock_points[i]));
        fill(message, POINTLOCK_MESSAGE_LENGTH, i);
        OK(pointlock_schnorr_pre_sign(signer, message, POINTLOCK_MESSAGE_LENGTH, &lock_points[i], POINTLOCK_ARRAY(aux), pres + i * LENGTH, LENGTH, &fault));
        pointlock_keypair_free(signer);
    }
    OK(pointlock_schnorr_verify_batch(POINTLOCK_ARRAY(pres), keys, POINTLOCK_ARRAY(messages), lock_points, COUNT, &fault));
    OK(pointlock_schnorr_verify_batch(NULL, 0, NULL, NULL, 0, NULL, 0, &fault));
    REFUSED(POINTLOCK_ERROR_COUNT, "pre_signatures", pointlock_schnorr_verify_batch(pres, sizeof pres - LENGTH, keys, POINTLOCK_ARRAY(messages), lock_points, COUNT, &fault));
    /* One that is wrong, and one that is none. */
    pres[7 * LENGTH + 64] ^= 1;
    pres[9 * LENGTH] = 4;
    REFUSED(POINTLOCK_ERROR_PRE_SIGNATURE_INVALID, "pre_signatures", pointlock_schnorr_verify_batch(POINTLOCK_ARRAY(pres), keys, POINTLOCK_ARRAY(messages), lock_points, COUNT, &fault));
    HOLDS(fault.index == 7);
    fill(verdicts, sizeof verdicts, 0xa5);
    OK(pointlock_schnorr_verify_each(POINTLOCK_ARRAY(pres), keys, POINTLOCK_ARRAY(messages), lock_points, COUNT, POINTLOCK_ARRAY(verdicts), &fault));
    for (int i = 0; i < COUNT; i++) {
        HOLDS(verdicts[i] == (i != 7 && i != 9));
    }
}

/* Nothing is written into what is read, and nothing twice. */
static void overlaps(void)
{
    pointlock_point lock_point;
    pointlock_secret *lock_secret = secret(2, &lock_point);
    unsigned char room[200], before[200];
    fill(room, sizeof room, 2);
    memcpy(before, room, sizeof room);
    for (size_t start = 0; start < 130; start++) {
        /* The signature of 64 bytes against the pre-signature in room[64] to room[128]. */
        pointlock_error code = pointlock_schnorr_adapt(room + 64, 65, lock_secret, room + start, 64, &fault);
        if (start > 0 && start < 129) {
            HOLDS(code == POINTLOCK_ERROR_OVERLAP && memcmp(room, before, sizeof room) == 0);
        } else {
            HOLDS(code == POINTLOCK_OK && memcmp(room + 64, before + 64, 65) == 0);
            fill(room, sizeof room, 2);
        }
    }
    /* A handle is memory of the library's. */
    REFUSED(POINTLOCK_ERROR_OVERLAP, "secret", pointlock_dangerous_secret_bytes(lock_secret, (unsigned char *)lock_secret, POINTLOCK_SECRET_LENGTH, &fault));
    OK(pointlock_secret_opens(lock_secret, &lock_point, &fault));
    pointlock_secret_free(lock_secret);
}

/* What two signers have. */
typedef struct {
    pointlock_keypair *keypairs[2];
    pointlock_point public_keys[2];
    pointlock_musig2_key_agg *keys;
    pointlock_point key;
    unsigned char message[POINTLOCK_MESSAGE_LENGTH];
    pointlock_musig2_nonce *nonces[2];
    unsigned char public_nonces[2 * POINTLOCK_PUBLIC_NONCE_LENGTH];
} signers;

static void signers_begin(signers *own)
{
    fill(own->message, sizeof own->message, 5);
    for (unsigned char i = 0; i < 2; i++) {
        own->keypairs[i] = keypair((unsigned char)(i + 1), &own->public_keys[i]);
    }
    OK(pointlock_musig2_key_agg_new(&own->keys, own->public_keys, 2, &fault));
    OK(pointlock_musig2_key_agg_public_key(own->keys, &own->key, &fault));
    for (unsigned char i = 0; i < 2; i++) {
        unsigned char rand[POINTLOCK_RANDOM_LENGTH], zeros[POINTLOCK_RANDOM_LENGTH] = {0};
        pointlock_musig2_nonce *second = NULL;
        fill(rand, sizeof rand, (unsigned char)(i + 7));
        OK(pointlock_musig2_nonce_new(&own->nonces[i], POINTLOCK_ARRAY(rand), own->keypairs[i], &own->key, POINTLOCK_ARRAY(own->message), NULL, 0, &fault));
        HOLDS(memcmp(rand, zeros, sizeof rand) == 0);
        REFUSED(POINTLOCK_ERROR_RANDOMNESS_USED, "session_rand", pointlock_musig2_nonce_new(&second, POINTLOCK_ARRAY(rand), own->keypairs[i], &own->key, POINTLOCK_ARRAY(own->message), NULL, 0, &fault));
        HOLDS(second == NULL);
        OK(pointlock_musig2_nonce_public(own->nonces[i], own->public_nonces + i * POINTLOCK_PUBLIC_NONCE_LENGTH, POINTLOCK_PUBLIC_NONCE_LENGTH, &fault));
    }
}

static void signers_end(signers *own)
{
    for (int i = 0; i < 2; i++) {
        pointlock_musig2_nonce_free(own->nonces[i]);
        pointlock_keypair_free(own->keypairs[i]);
    }
    pointlock_musig2_key_agg_free(own->keys);
}

static void musig2(void)
{
    signers own;
    pointlock_point lock_point;
    pointlock_secret *lock_secret = secret(3, &lock_point);
    pointlock_musig2_session *session = NULL;
    unsigned char partials[2 * POINTLOCK_PARTIAL_SIGNATURE_LENGTH], signature[POINTLOCK_SIGNATURE_LENGTH];
    unsigned char pre[POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH], again[POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH];
    unsigned char *first = partials, *second = partials + POINTLOCK_PARTIAL_SIGNATURE_LENGTH;
    const size_t length = POINTLOCK_PARTIAL_SIGNATURE_LENGTH;
    signers_begin(&own);

    REFUSED(POINTLOCK_ERROR_COUNT, "public_nonces", pointlock_musig2_session_new_locked(&session, own.keys, own.public_nonces, POINTLOCK_PUBLIC_NONCE_LENGTH, POINTLOCK_ARRAY(own.message), &lock_point, &fault));
    own.public_nonces[POINTLOCK_PUBLIC_NONCE_LENGTH] ^= 0x80;
    REFUSED(POINTLOCK_ERROR_PUBLIC_NONCE, "public_nonces", pointlock_musig2_session_new_locked(&session, own.keys, POINTLOCK_ARRAY(own.public_nonces), POINTLOCK_ARRAY(own.message), &lock_point, &fault));
    HOLDS(fault.index == 1 && session == NULL);
    own.public_nonces[POINTLOCK_PUBLIC_NONCE_LENGTH] ^= 0x80;
    OK(pointlock_musig2_session_new_locked(&session, own.keys, POINTLOCK_ARRAY(own.public_nonces), POINTLOCK_ARRAY(own.message), &lock_point, &fault));

    /* A call with arguments that can't be used does not spend the nonce. */
    fill(partials, sizeof partials, 0xa5);
    REFUSED(POINTLOCK_ERROR_LENGTH, "partial_signature", pointlock_musig2_sign_partial(session, own.nonces[0], own.keypairs[0], first, length - 1, &fault));
    REFUSED(POINTLOCK_ERROR_NULL_POINTER, "keypair", pointlock_musig2_sign_partial(session, own.nonces[0], NULL, first, length, &fault));
    HOLDS(is_untouched(partials, sizeof partials));
    OK(pointlock_musig2_sign_partial(session, own.nonces[0], own.keypairs[0], first, length, &fault));
    /* Twice it does not sign, whatever it is asked. */
    REFUSED(POINTLOCK_ERROR_NONCE_SPENT, "secret_nonce", pointlock_musig2_sign_partial(session, own.nonces[0], own.keypairs[0], second, length, &fault));
    HOLDS(is_untouched(second, length));

    first[0] ^= 1;
    REFUSED(POINTLOCK_ERROR_PARTIAL_SIGNATURE_INVALID, "partial_signature", pointlock_musig2_verify_partial(session, 0, first, length, &fault));
    first[0] ^= 1;
    OK(pointlock_musig2_verify_partial(session, 0, first, length, &fault));
    REFUSED(POINTLOCK_ERROR_NO_SUCH_SIGNER, "signer", pointlock_musig2_verify_partial(session, 2, first, length, &fault));

    OK(pointlock_musig2_sign_partial_last(session, own.nonces[1], own.keypairs[1], first, length, second, length, POINTLOCK_ARRAY(pre), &fault));
    OK(pointlock_musig2_aggregate_locked(session, POINTLOCK_ARRAY(partials), POINTLOCK_ARRAY(again), &fault));
    HOLDS(memcmp(pre, again, sizeof pre) == 0);
    second[0] ^= 1;
    REFUSED(POINTLOCK_ERROR_PARTIAL_SIGNATURE_INVALID, "partial_signatures", pointlock_musig2_aggregate_locked(session, POINTLOCK_ARRAY(partials), POINTLOCK_ARRAY(again), &fault));
    HOLDS(fault.index == 1);
    REFUSED(POINTLOCK_ERROR_WRONG_SESSION, "session", pointlock_musig2_aggregate(session, POINTLOCK_ARRAY(partials), POINTLOCK_ARRAY(signature), &fault));

    OK(pointlock_schnorr_adapt_verified(POINTLOCK_ARRAY(pre), lock_secret, &own.key, POINTLOCK_ARRAY(own.message), POINTLOCK_ARRAY(signature), &fault));
    pointlock_musig2_session_free(session);
    pointlock_secret_free(lock_secret);
    signers_end(&own);
}

/* A nonce that fails is spent too: what was wrong may have been meant. */
static void a_failed_nonce(void)
{
    signers own;
    pointlock_musig2_session *session = NULL;
    unsigned char partial[POINTLOCK_PARTIAL_SIGNATURE_LENGTH];
    signers_begin(&own);
    OK(pointlock_musig2_session_new(&session, own.keys, POINTLOCK_ARRAY(own.public_nonces), POINTLOCK_ARRAY(own.message), &fault));
    REFUSED(POINTLOCK_ERROR_FOREIGN_NONCE, "keypair", pointlock_musig2_sign_partial(session, own.nonces[0], own.keypairs[1], POINTLOCK_ARRAY(partial), &fault));
    REFUSED(POINTLOCK_ERROR_NONCE_SPENT, "secret_nonce", pointlock_musig2_sign_partial(session, own.nonces[0], own.keypairs[0], POINTLOCK_ARRAY(partial), &fault));
    OK(pointlock_musig2_sign_partial(session, own.nonces[1], own.keypairs[1], POINTLOCK_ARRAY(partial), &fault));
    pointlock_musig2_session_free(session);
    signers_end(&own);
}

/* One of many threads that want to use one nonce. */
typedef struct {
    const signers *own;
    const pointlock_musig2_session *session;
    pointlock_error code;
    unsigned char partial[POINTLOCK_PARTIAL_SIGNATURE_LENGTH];
} rival;

static void *use_nonce(void *argument)
{
    rival *self = argument;
    self->code = pointlock_musig2_sign_partial(self->session, self->own->nonces[0], self->own->keypairs[0], POINTLOCK_ARRAY(self->partial), NULL);
    return NULL;
}

static void one_thread_gets_a_nonce(void)
{
    enum { RIVALS = 8 };
    signers own;
    pthread_t threads[RIVALS];
    rival rivals[RIVALS];
    pointlock_musig2_session *session = NULL;
    int winners = 0;
    signers_begin(&own);
    OK(pointlock_musig2_session_new(&session, own.keys, POINTLOCK_ARRAY(own.public_nonces), POINTLOCK_ARRAY(own.message), &fault));
    for (int i = 0; i < RIVALS; i++) {
        rivals[i].own = &own;
        rivals[i].session = session;
        HOLDS(pthread_create(&threads[i], NULL, use_nonce, &rivals[i]) == 0);
    }
    for (int i = 0; i < RIVALS; i++) {
        HOLDS(pthread_join(threads[i], NULL) == 0);
        HOLDS(rivals[i].code == POINTLOCK_OK || rivals[i].code == POINTLOCK_ERROR_NONCE_SPENT);
        winners += rivals[i].code == POINTLOCK_OK;
    }
    HOLDS(winners == 1);
    pointlock_musig2_session_free(session);
    signers_end(&own);
}

static void route(void)
{
    enum { EDGES = 3 };
    pointlock_point payment_point, locks[EDGES], untouched[EDGES];
    pointlock_secret *payment_secret = secret(4, &payment_point), *open = NULL, *next = NULL;
    pointlock_blind *blinds[EDGES], *final_blind = NULL;
    for (unsigned char i = 0; i < EDGES; i++) {
        unsigned char bytes[POINTLOCK_SECRET_LENGTH];
        fill(bytes, sizeof bytes, (unsigned char)(i + 1));
        OK(pointlock_blind_new(&blinds[i], POINTLOCK_ARRAY(bytes), &fault));
    }
    memset(untouched, 0xa5, sizeof untouched);
    memset(locks, 0xa5, sizeof locks);
    REFUSED(POINTLOCK_ERROR_COUNT, "locks", pointlock_lock_setup(&payment_point, (const pointlock_blind *const *)blinds, EDGES, locks, EDGES - 1, &final_blind, &fault));
    {
        const pointlock_blind *hole[EDGES] = {blinds[0], NULL, blinds[2]};
        REFUSED(POINTLOCK_ERROR_NULL_POINTER, "blinds", pointlock_lock_setup(&payment_point, hole, EDGES, locks, EDGES, &final_blind, &fault));
        HOLDS(fault.index == 1);
    }
    HOLDS(final_blind == NULL && memcmp(locks, untouched, sizeof locks) == 0);
    OK(pointlock_lock_setup(&payment_point, (const pointlock_blind *const *)blinds, EDGES, locks, EDGES, &final_blind, &fault));

    /* The claims run back to the payment secret. */
    OK(pointlock_lock_final_secret(payment_secret, final_blind, &open, &fault));
    for (int i = EDGES - 1; i >= 0; i--) {
        OK(pointlock_secret_opens(open, &locks[i], &fault));
        OK(pointlock_lock_previous_secret(open, blinds[i], &next, &fault));
        pointlock_secret_free(open);
        open = next;
    }
    OK(pointlock_secret_opens(open, &payment_point, &fault));
    pointlock_secret_free(open);
    pointlock_secret_free(payment_secret);
    pointlock_blind_free(final_blind);
    for (int i = 0; i < EDGES; i++) {
        pointlock_blind_free(blinds[i]);
    }
}

static void payment_points(void)
{
    unsigned char entropy_[POINTLOCK_RANDOM_LENGTH], invoice_id[POINTLOCK_INVOICE_ID_LENGTH] = {1};
    unsigned char note_hash[POINTLOCK_NOTE_HASH_LENGTH], x[POINTLOCK_X_LENGTH], zeros[POINTLOCK_X_LENGTH] = {0};
    unsigned char signature[POINTLOCK_SIGNATURE_LENGTH];
    pointlock_polynomial *polynomial = NULL;
    pointlock_payer_key *payer_key = NULL;
    pointlock_secret *point_secret = NULL;
    pointlock_point points[3], payer, payment_point;
    size_t count = 0;
    fill(entropy_, sizeof entropy_, 8);
    REFUSED(POINTLOCK_ERROR_COUNT, "k", pointlock_polynomial_new(&polynomial, POINTLOCK_ARRAY(entropy_), POINTLOCK_MAX_K + 1, &fault));
    OK(pointlock_polynomial_new(&polynomial, POINTLOCK_ARRAY(entropy_), 2, &fault));
    OK(pointlock_polynomial_points_count(polynomial, &count, &fault));
    HOLDS(count == 3);
    REFUSED(POINTLOCK_ERROR_COUNT, "points", pointlock_polynomial_points(polynomial, points, 2, &fault));
    OK(pointlock_polynomial_points(polynomial, points, count, &fault));

    OK(pointlock_payer_key_new(&payer_key, POINTLOCK_ARRAY(entropy_), &fault));
    OK(pointlock_payer_key_public(payer_key, &payer, &fault));
    OK(pointlock_note_hash(NULL, 0, POINTLOCK_ARRAY(note_hash), &fault));
    OK(pointlock_payment_x(&payer, POINTLOCK_ARRAY(invoice_id), 5000, POINTLOCK_ARRAY(note_hash), POINTLOCK_ARRAY(x), &fault));
    OK(pointlock_payment_point(points, 3, &payer, POINTLOCK_ARRAY(invoice_id), 5000, POINTLOCK_ARRAY(note_hash), &payment_point, &fault));
    REFUSED(POINTLOCK_ERROR_SCALAR_ZERO, "x", pointlock_polynomial_evaluate(polynomial, POINTLOCK_ARRAY(zeros), &point_secret, &fault));
    HOLDS(point_secret == NULL);
    OK(pointlock_polynomial_evaluate(polynomial, POINTLOCK_ARRAY(x), &point_secret, &fault));
    OK(pointlock_secret_opens(point_secret, &payment_point, &fault));

    OK(pointlock_payment_sign(payer_key, POINTLOCK_ARRAY(x), &payment_point, POINTLOCK_ARRAY(entropy_), POINTLOCK_ARRAY(signature), &fault));
    OK(pointlock_payment_verify(POINTLOCK_ARRAY(signature), &payer, POINTLOCK_ARRAY(x), &payment_point, &fault));
    REFUSED(POINTLOCK_ERROR_PAYER_SIGNATURE, "signature", pointlock_payment_verify(POINTLOCK_ARRAY(signature), &payer, POINTLOCK_ARRAY(x), &payer, &fault));
    pointlock_secret_free(point_secret);
    pointlock_payer_key_free(payer_key);
    pointlock_polynomial_free(polynomial);
}

int main(void)
{
    versions();
    entropy();
    schnorr();
    ecdsa();
    batch();
    overlaps();
    musig2();
    a_failed_nonce();
    one_thread_gets_a_nonce();
    route();
    payment_points();
    puts("the C interface does what its header says");
    return 0;
}
