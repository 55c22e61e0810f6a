/* pointlock: adaptor signatures, point locks and k-time payment points, for C.
 *
 * Made by cbindgen from ffi/src; not to be edited. docs/c.md shows a swap.
 *
 * - A call returns a pointlock_error. It writes its outputs when that is POINTLOCK_OK, and only then.
 * - The last argument of a call, fault, may be null. Else it is written when the call is refused, and only then: which argument is to
 *   blame, which item of it, and a sentence.
 * - Every buffer comes with its length in bytes, and every list with the number of its items. Where one length alone is right there is a
 *   macro for it, and any other is refused. POINTLOCK_ARRAY(a) is an array and its length.
 * - What a call writes may overlap nothing else that it is given.
 * - A pointlock_point is a value. All other types are handles: made by a call that takes a pointer to a pointer, and to be given back,
 *   once, to the function whose name ends in _free. What is secret is erased then.
 * - Secrets come out through functions whose names begin with pointlock_dangerous_ and no others.
 * - Handles may be used by several threads at once; to free one is for a thread that has it alone.
 * - Check the version first: pointlock_check_version(POINTLOCK_VERSION, NULL).
 */


#ifndef POINTLOCK_H
#define POINTLOCK_H

#include <stddef.h>
#include <stdint.h>

#define POINTLOCK_OK POINTLOCK_ERROR_NONE

/* In a fault: that it is no item of a list. */
#define POINTLOCK_NO_INDEX SIZE_MAX

/* An array, not a pointer, and its length: two arguments. */
#define POINTLOCK_ARRAY(array) (array), sizeof(array)

/* A secret scalar, such as the secret of a lock. */
typedef struct pointlock_secret pointlock_secret;
/* A secret that is added to a lock. */
typedef struct pointlock_blind pointlock_blind;
/* A signing key. */
typedef struct pointlock_keypair pointlock_keypair;
/* Aggregated keys (MuSig2). */
typedef struct pointlock_musig2_key_agg pointlock_musig2_key_agg;
/* A secret nonce, which signs once (MuSig2). */
typedef struct pointlock_musig2_nonce pointlock_musig2_nonce;
/* A session (MuSig2). */
typedef struct pointlock_musig2_session pointlock_musig2_session;
/* A static invoice whose signature was verified. */
typedef struct pointlock_invoice pointlock_invoice;
/* A receiver's secret behind k-time payment points. */
typedef struct pointlock_polynomial pointlock_polynomial;
/* A payer's key for one payment. */
typedef struct pointlock_payer_key pointlock_payer_key;
/* A proof of payment. */
typedef struct pointlock_proof pointlock_proof;


/**
 * The length of an ECDSA pre-signature.
 */
#define POINTLOCK_ECDSA_PRE_SIGNATURE_LENGTH 162

/**
 * The length of an invoice's id.
 */
#define POINTLOCK_INVOICE_ID_LENGTH 32

/**
 * The largest k of a polynomial. An invoice has k + 1 points.
 */
#define POINTLOCK_MAX_K 1024

/**
 * The length of x, where a polynomial is evaluated.
 */
#define POINTLOCK_X_LENGTH 32

/**
 * The length of the hash of a payer's note.
 */
#define POINTLOCK_NOTE_HASH_LENGTH 32

/**
 * The length of a tweak.
 */
#define POINTLOCK_TWEAK_LENGTH 32

/**
 * The length of a public nonce, and of the sum of public nonces.
 */
#define POINTLOCK_PUBLIC_NONCE_LENGTH 66

/**
 * The length of a partial signature.
 */
#define POINTLOCK_PARTIAL_SIGNATURE_LENGTH 32

/**
 * The length of a compressed point.
 */
#define POINTLOCK_POINT_LENGTH 33

/**
 * The length of an x-only public key (BIP-340).
 */
#define POINTLOCK_XONLY_LENGTH 32

/**
 * The length of a verifier's name, hashed, and of its challenge.
 */
#define POINTLOCK_CHALLENGE_LENGTH 32

/**
 * The length of what a proof shows, without what it is about.
 */
#define POINTLOCK_POINT_PROOF_LENGTH 161

/**
 * How many bytes the text of a fault has, the final zero included.
 */
#define POINTLOCK_DETAIL_LENGTH 160

/**
 * The length of a pre-signature: 33(R') and s'.
 */
#define POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH 65

/**
 * The length of a signature, Schnorr or ECDSA.
 */
#define POINTLOCK_SIGNATURE_LENGTH 64

/**
 * The length of a message: it is a signature hash.
 */
#define POINTLOCK_MESSAGE_LENGTH 32

/**
 * The length of entropy.
 */
#define POINTLOCK_RANDOM_LENGTH 32

/**
 * The length of a secret scalar, of a blind, and of a secret key.
 */
#define POINTLOCK_SECRET_LENGTH 32

/**
 * The version of this interface. A program checks it at its start: pointlock_check_version(POINTLOCK_VERSION, &fault).
 */
#define POINTLOCK_VERSION 1

/**
 * What a call returns. A code keeps its number and its meaning; new ones may come.
 */
typedef enum {
  /**
   * The call did what it was asked for.
   */
  POINTLOCK_ERROR_NONE = 0,
  /**
   * A pointer is null that may not be.
   */
  POINTLOCK_ERROR_NULL_POINTER = 1,
  /**
   * A pointer is not aligned for what it points to.
   */
  POINTLOCK_ERROR_MISALIGNED = 2,
  /**
   * A length is not the one that it has to be.
   */
  POINTLOCK_ERROR_LENGTH = 3,
  /**
   * What would be written overlaps something else that the call was given.
   */
  POINTLOCK_ERROR_OVERLAP = 4,
  /**
   * The library has a fault: please report it. Nothing was written.
   */
  POINTLOCK_ERROR_PANIC = 5,
  /**
   * The library has another version of this interface than the header.
   */
  POINTLOCK_ERROR_VERSION = 6,
  /**
   * The library was already used when it was to be randomised.
   */
  POINTLOCK_ERROR_CONTEXT_IN_USE = 7,
  /**
   * A list has too few or too many items.
   */
  POINTLOCK_ERROR_COUNT = 8,
  /**
   * A handle is of another type than the argument, or was freed.
   */
  POINTLOCK_ERROR_HANDLE = 9,
  /**
   * A scalar is zero.
   */
  POINTLOCK_ERROR_SCALAR_ZERO = 10,
  /**
   * A scalar is not below the group order.
   */
  POINTLOCK_ERROR_SCALAR_OUT_OF_RANGE = 11,
  /**
   * Bytes are no point of the curve, or a pointlock_point was never written.
   */
  POINTLOCK_ERROR_POINT = 12,
  /**
   * A sum of points is at infinity.
   */
  POINTLOCK_ERROR_POINT_AT_INFINITY = 13,
  /**
   * A pre-signature has a wrong prefix, or a scalar that is out of range.
   */
  POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING = 20,
  /**
   * A pre-signature is not for this key, message and lock point.
   */
  POINTLOCK_ERROR_PRE_SIGNATURE_INVALID = 21,
  /**
   * A signature is not for this key and message.
   */
  POINTLOCK_ERROR_SIGNATURE_INVALID = 22,
  /**
   * A signature was made from another pre-signature.
   */
  POINTLOCK_ERROR_NONCE_MISMATCH = 23,
  /**
   * A scalar is not the secret of the point that it should open.
   */
  POINTLOCK_ERROR_SECRET_MISMATCH = 24,
  /**
   * A derived scalar is zero, which happens to nobody: take other randomness.
   */
  POINTLOCK_ERROR_DEGENERATE = 25,
  /**
   * An aggregate key is at infinity.
   */
  POINTLOCK_ERROR_KEY_AT_INFINITY = 30,
  /**
   * Session randomness is all zeros, as a buffer is that has made a nonce.
   */
  POINTLOCK_ERROR_RANDOMNESS_USED = 31,
  /**
   * A secret nonce has signed before, or has failed to.
   */
  POINTLOCK_ERROR_NONCE_SPENT = 32,
  /**
   * A public nonce is no pair of points.
   */
  POINTLOCK_ERROR_PUBLIC_NONCE = 33,
  /**
   * The final nonce of an adaptor session is at infinity.
   */
  POINTLOCK_ERROR_FINAL_NONCE_AT_INFINITY = 34,
  /**
   * A secret nonce belongs to another key.
   */
  POINTLOCK_ERROR_FOREIGN_NONCE = 35,
  /**
   * A key is not among the signers.
   */
  POINTLOCK_ERROR_NOT_A_SIGNER = 36,
  /**
   * A session has another public nonce for this signer.
   */
  POINTLOCK_ERROR_NONCE_NOT_IN_SESSION = 37,
  /**
   * There is no signer of this index.
   */
  POINTLOCK_ERROR_NO_SUCH_SIGNER = 38,
  /**
   * A partial signature is not its signer's in this session.
   */
  POINTLOCK_ERROR_PARTIAL_SIGNATURE_INVALID = 39,
  /**
   * A session with a lock point is needed, or one without.
   */
  POINTLOCK_ERROR_WRONG_SESSION = 40,
  /**
   * What was signed does not verify: the machine miscalculated, and nothing is given out.
   */
  POINTLOCK_ERROR_MACHINE_FAULT = 41,
  /**
   * The lock of an edge is at infinity.
   */
  POINTLOCK_ERROR_LOCK_AT_INFINITY = 50,
  /**
   * Blinds add up to zero.
   */
  POINTLOCK_ERROR_BLINDS_CANCEL = 51,
  /**
   * A blind cancels the lock.
   */
  POINTLOCK_ERROR_BLIND_CANCELS_LOCK = 52,
  /**
   * A blind cancels the lock secret.
   */
  POINTLOCK_ERROR_BLIND_CANCELS_SECRET = 53,
  /**
   * An invoice has no polynomial of payment points.
   */
  POINTLOCK_ERROR_NO_POLYNOMIAL = 60,
  /**
   * An invoice has no payment points at all.
   */
  POINTLOCK_ERROR_NO_PAYMENT_POINTS = 61,
  /**
   * A payer's key has an odd y.
   */
  POINTLOCK_ERROR_PAYER_KEY_ODD = 62,
  /**
   * A signature is not the payer's over this x and this lock.
   */
  POINTLOCK_ERROR_PAYER_SIGNATURE = 63,
  /**
   * An invoice is refused; the sentence of the fault names its field.
   */
  POINTLOCK_ERROR_INVOICE = 64,
  /**
   * A proof of payment can't be read; the sentence of the fault names its field.
   */
  POINTLOCK_ERROR_PROOF_ENCODING = 65,
  /**
   * A proof of payment does not prove it.
   */
  POINTLOCK_ERROR_PROOF_INVALID = 66,
  /**
   * A proof of payment is for another verifier.
   */
  POINTLOCK_ERROR_OTHER_VERIFIER = 67,
  /**
   * A proof of payment is over another challenge.
   */
  POINTLOCK_ERROR_OTHER_CHALLENGE = 68,
  /**
   * Something that this version of the header has no code for; the sentence of the fault says what.
   */
  POINTLOCK_ERROR_OTHER = 99,
} pointlock_error;

/**
 * A point other than infinity: a lock point, or a public key. Made by pointlock_point_parse and by other calls, to be copied as a
 * value, and not to be looked into. One that was never written is refused wherever it is used.
 */
typedef struct {
  uint8_t data[64];
} pointlock_point;

/**
 * Why a call was refused. It is written when the call returns an error, and is not touched when it succeeds.
 */
typedef struct {
  /**
   * The argument that can't be used, by its name in this header; null when no single one is to blame.
   */
  const char *argument;
  /**
   * Which item of the argument, from 0: the signer, the hop, the tweak; POINTLOCK_NO_INDEX when it is no list, or when the list as
   * a whole is wrong.
   */
  size_t index;
  /**
   * A sentence for people, cut where it is too long, with a zero at its end. It holds no secret.
   */
  char detail[POINTLOCK_DETAIL_LENGTH];
} pointlock_fault;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the library has. A library of before or after the header links all the same; this tells them
 * apart without a call.
 */
extern const uint32_t pointlock_interface_version;

/**
 * Signs a message of POINTLOCK_MESSAGE_LENGTH bytes, a signature hash, up to the secret of lock_point: a pre-signature of
 * POINTLOCK_ECDSA_PRE_SIGNATURE_LENGTH bytes. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
 * An ECDSA pre-signature publishes d*T: a key that makes one must never be used for ECDH, onions or blinding.
 */
pointlock_error pointlock_ecdsa_pre_sign(const pointlock_keypair * keypair,
                                         const unsigned char * message,
                                         size_t message_length,
                                         const pointlock_point * lock_point,
                                         const unsigned char * aux_rand,
                                         size_t aux_rand_length,
                                         unsigned char * pre_signature,
                                         size_t pre_signature_length,
                                         pointlock_fault * fault);

/**
 * The same, and verifies what it made: against faults of the machine, at the price of a verification.
 */
pointlock_error pointlock_ecdsa_pre_sign_verified(const pointlock_keypair * keypair,
                                                  const unsigned char * message,
                                                  size_t message_length,
                                                  const pointlock_point * lock_point,
                                                  const unsigned char * aux_rand,
                                                  size_t aux_rand_length,
                                                  unsigned char * pre_signature,
                                                  size_t pre_signature_length,
                                                  pointlock_fault * fault);

/**
 * Whether the secret of lock_point finishes this pre-signature to a signature of message by public_key. Whatever its bytes are,
 * they are right or wrong: POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING or _INVALID.
 */
pointlock_error pointlock_ecdsa_verify(const unsigned char * pre_signature,
                                       size_t pre_signature_length,
                                       const pointlock_point * public_key,
                                       const unsigned char * message,
                                       size_t message_length,
                                       const pointlock_point * lock_point,
                                       pointlock_fault * fault);

/**
 * Finishes a pre-signature with the secret of its lock: a signature of POINTLOCK_SIGNATURE_LENGTH bytes. It does not look whether this
 * is the right secret: a wrong one gives a signature that is not valid.
 */
pointlock_error pointlock_ecdsa_adapt(const unsigned char * pre_signature,
                                      size_t pre_signature_length,
                                      const pointlock_secret * lock_secret,
                                      unsigned char * signature,
                                      size_t signature_length,
                                      pointlock_fault * fault);

/**
 * The same, and verifies the signature: POINTLOCK_ERROR_SIGNATURE_INVALID when secret or pre-signature are not right.
 */
pointlock_error pointlock_ecdsa_adapt_verified(const unsigned char * pre_signature,
                                               size_t pre_signature_length,
                                               const pointlock_secret * lock_secret,
                                               const pointlock_point * public_key,
                                               const unsigned char * message,
                                               size_t message_length,
                                               unsigned char * signature,
                                               size_t signature_length,
                                               pointlock_fault * fault);

/**
 * The secret of lock_point, from a pre-signature and the signature that was made of it. Free it with pointlock_secret_free.
 */
pointlock_error pointlock_ecdsa_extract(const unsigned char * pre_signature,
                                        size_t pre_signature_length,
                                        const unsigned char * signature,
                                        size_t signature_length,
                                        const pointlock_point * public_key,
                                        const unsigned char * message,
                                        size_t message_length,
                                        const pointlock_point * lock_point,
                                        pointlock_secret ** lock_secret,
                                        pointlock_fault * fault);

/**
 * Checks a finished signature of a message.
 */
pointlock_error pointlock_ecdsa_verify_signature(const unsigned char * signature,
                                                 size_t signature_length,
                                                 const pointlock_point * public_key,
                                                 const unsigned char * message,
                                                 size_t message_length,
                                                 pointlock_fault * fault);

/**
 * The name of a code as it stands in this header, for logs; "POINTLOCK_ERROR_UNKNOWN" for a number that is no code. It need not be freed.
 */
const char *pointlock_error_name(int code);

/**
 * Reads a static invoice from its TLV stream, and verifies its signature. pointlock_invoice_node_id tells the signer: compare that
 * with the issuer you know from elsewhere.
 */
pointlock_error pointlock_invoice_parse(pointlock_invoice ** invoice,
                                        const unsigned char * stream,
                                        size_t stream_length,
                                        pointlock_fault * fault);

/**
 * Reads a static invoice from its text, lni1..., of text_length bytes (without a zero at the end), and verifies its signature.
 */
pointlock_error pointlock_invoice_decode(pointlock_invoice ** invoice,
                                         const unsigned char * text,
                                         size_t text_length,
                                         pointlock_fault * fault);

/**
 * Frees an invoice. Null is nothing.
 */
void pointlock_invoice_free(pointlock_invoice * invoice);

/**
 * The id of an invoice, POINTLOCK_INVOICE_ID_LENGTH bytes.
 */
pointlock_error pointlock_invoice_id(const pointlock_invoice * invoice,
                                     unsigned char * invoice_id,
                                     size_t invoice_id_length,
                                     pointlock_fault * fault);

/**
 * The key that has signed an invoice.
 */
pointlock_error pointlock_invoice_node_id(const pointlock_invoice * invoice,
                                          pointlock_point * node_id,
                                          pointlock_fault * fault);

/**
 * How many payment points an invoice has: 1 for a plain static point, k + 1 for a polynomial.
 */
pointlock_error pointlock_invoice_points_count(const pointlock_invoice * invoice,
                                               size_t * count,
                                               pointlock_fault * fault);

/**
 * The payment points of an invoice, exactly as many as pointlock_invoice_points_count says.
 */
pointlock_error pointlock_invoice_points(const pointlock_invoice * invoice,
                                         pointlock_point * points,
                                         size_t points_count,
                                         pointlock_fault * fault);

/**
 * The hash of a payer's note, POINTLOCK_NOTE_HASH_LENGTH bytes. A null note is none, and zeros; a note of no bytes is one.
 */
pointlock_error pointlock_note_hash(const unsigned char * note,
                                    size_t note_length,
                                    unsigned char * note_hash,
                                    size_t note_hash_length,
                                    pointlock_fault * fault);

/**
 * Makes a receiver's polynomial for k payments, from 1 to POINTLOCK_MAX_K, of POINTLOCK_RANDOM_LENGTH bytes of fresh entropy that serve
 * nothing else.
 */
pointlock_error pointlock_polynomial_new(pointlock_polynomial ** polynomial,
                                         const unsigned char * entropy,
                                         size_t entropy_length,
                                         size_t k,
                                         pointlock_fault * fault);

/**
 * Makes a polynomial of coefficients z_0 ... z_k that were drawn each on its own: for test vectors.
 */
pointlock_error pointlock_dangerous_polynomial_of(pointlock_polynomial ** polynomial,
                                                  const pointlock_secret *const * coefficients,
                                                  size_t coefficients_count,
                                                  pointlock_fault * fault);

/**
 * Erases and frees a polynomial. Null is nothing.
 */
void pointlock_polynomial_free(pointlock_polynomial * polynomial);

/**
 * How many points a polynomial publishes: k + 1.
 */
pointlock_error pointlock_polynomial_points_count(const pointlock_polynomial * polynomial,
                                                  size_t * count,
                                                  pointlock_fault * fault);

/**
 * The points Z_0 ... Z_k for the invoice, exactly as many as pointlock_polynomial_points_count says.
 */
pointlock_error pointlock_polynomial_points(const pointlock_polynomial * polynomial,
                                            pointlock_point * points,
                                            size_t points_count,
                                            pointlock_fault * fault);

/**
 * z(x), the receiver's secret for the payment under this x. To evaluate is to be ready to reveal: count the claim, durably, before. Once
 * more than k have been revealed, everybody can compute all of them.
 */
pointlock_error pointlock_polynomial_evaluate(const pointlock_polynomial * polynomial,
                                              const unsigned char * x,
                                              size_t x_length,
                                              pointlock_secret ** point_secret,
                                              pointlock_fault * fault);

/**
 * x of a payment: the hash of the payer's key, the invoice, the whole amount, and the hash of the note. POINTLOCK_X_LENGTH bytes.
 */
pointlock_error pointlock_payment_x(const pointlock_point * payer_key,
                                    const unsigned char * invoice_id,
                                    size_t invoice_id_length,
                                    uint64_t amount_msat,
                                    const unsigned char * note_hash,
                                    size_t note_hash_length,
                                    unsigned char * x,
                                    size_t x_length,
                                    pointlock_fault * fault);

/**
 * Z(x), the point that the payer of this x pays under, from the points_count points of an invoice.
 */
pointlock_error pointlock_payment_point_at(const pointlock_point * points,
                                           size_t points_count,
                                           const unsigned char * x,
                                           size_t x_length,
                                           pointlock_point * payment_point,
                                           pointlock_fault * fault);

/**
 * Z(x) from all that it depends on. The payer's key has an even y.
 */
pointlock_error pointlock_payment_point(const pointlock_point * points,
                                        size_t points_count,
                                        const pointlock_point * payer_key,
                                        const unsigned char * invoice_id,
                                        size_t invoice_id_length,
                                        uint64_t amount_msat,
                                        const unsigned char * note_hash,
                                        size_t note_hash_length,
                                        pointlock_point * payment_point,
                                        pointlock_fault * fault);

/**
 * Makes a payer's key for one payment, of POINTLOCK_RANDOM_LENGTH bytes of fresh entropy. Keep it for as long as the payment may have to be
 * proven.
 */
pointlock_error pointlock_payer_key_new(pointlock_payer_key ** payer_key,
                                        const unsigned char * entropy,
                                        size_t entropy_length,
                                        pointlock_fault * fault);

/**
 * Makes a payer's key of a secret scalar that is fresh for this payment; the key is negated where it would have an odd y.
 */
pointlock_error pointlock_payer_key_of(pointlock_payer_key ** payer_key,
                                       const pointlock_secret * secret,
                                       pointlock_fault * fault);

/**
 * Erases and frees a payer's key. Null is nothing.
 */
void pointlock_payer_key_free(pointlock_payer_key * payer_key);

/**
 * The public key of a payer's key: a point with an even y.
 */
pointlock_error pointlock_payer_key_public(const pointlock_payer_key * payer_key,
                                           pointlock_point * public_key,
                                           pointlock_fault * fault);

/**
 * The payer's signature over x and the lock of the last edge, POINTLOCK_SIGNATURE_LENGTH bytes: what the receiver asks for before it claims.
 */
pointlock_error pointlock_payment_sign(const pointlock_payer_key * payer_key,
                                       const unsigned char * x,
                                       size_t x_length,
                                       const pointlock_point * last_lock,
                                       const unsigned char * aux_rand,
                                       size_t aux_rand_length,
                                       unsigned char * signature,
                                       size_t signature_length,
                                       pointlock_fault * fault);

/**
 * Verifies that signature, for the receiver.
 */
pointlock_error pointlock_payment_verify(const unsigned char * signature,
                                         size_t signature_length,
                                         const pointlock_point * payer_key,
                                         const unsigned char * x,
                                         size_t x_length,
                                         const pointlock_point * last_lock,
                                         pointlock_fault * fault);

/**
 * The locks L_1 ... L_n of a route over payment_point, with the blinds y_0 ... y_{n-1}, one for each edge: locks has room for
 * blinds_count points. final_blind is Y, for the receiver's layer and nobody else; free it with pointlock_blind_free. In the fault, index
 * is the blind that puts a lock at infinity.
 */
pointlock_error pointlock_lock_setup(const pointlock_point * payment_point,
                                     const pointlock_blind *const * blinds,
                                     size_t blinds_count,
                                     pointlock_point * locks,
                                     size_t locks_count,
                                     pointlock_blind ** final_blind,
                                     pointlock_fault * fault);

/**
 * The lock of the outgoing edge from that of the incoming one: every forwarder computes it itself. The receiver computes the lock of the
 * last edge in the same way, from its payment point and the final blind.
 */
pointlock_error pointlock_lock_next(const pointlock_point * incoming,
                                    const pointlock_blind * blind,
                                    pointlock_point * outgoing,
                                    pointlock_fault * fault);

/**
 * The receiver's lock secret, from the secret of its payment point and the final blind.
 */
pointlock_error pointlock_lock_final_secret(const pointlock_secret * payment_secret,
                                            const pointlock_blind * final_blind,
                                            pointlock_secret ** lock_secret,
                                            pointlock_fault * fault);

/**
 * The lock secret of the incoming edge, from that of the outgoing one: for a forwarder that claims in turn, and for the sender, which ends
 * with the secret of the payment point.
 */
pointlock_error pointlock_lock_previous_secret(const pointlock_secret * next,
                                               const pointlock_blind * blind,
                                               pointlock_secret ** lock_secret,
                                               pointlock_fault * fault);

/**
 * Aggregates public_keys_count keys, at least one, in the order given, which all signers have to keep.
 */
pointlock_error pointlock_musig2_key_agg_new(pointlock_musig2_key_agg ** key_agg,
                                             const pointlock_point * public_keys,
                                             size_t public_keys_count,
                                             pointlock_fault * fault);

/**
 * Frees aggregated keys. Sessions that were made with them stay. Null is nothing.
 */
void pointlock_musig2_key_agg_free(pointlock_musig2_key_agg * key_agg);

/**
 * The same keys with one more tweak, of POINTLOCK_TWEAK_LENGTH bytes: tweak*G is added to the aggregate key, parity and all, as
 * unhardened BIP-32 derivation does. key_agg stays as it is. In the fault, index counts the tweaks of these keys.
 */
pointlock_error pointlock_musig2_key_agg_tweak_plain(const pointlock_musig2_key_agg * key_agg,
                                                     const unsigned char * tweak,
                                                     size_t tweak_length,
                                                     pointlock_musig2_key_agg ** tweaked,
                                                     pointlock_fault * fault);

/**
 * The same keys with one more tweak: tweak*G is added to the point with even y that has the x coordinate of the aggregate key, as taproot
 * does.
 */
pointlock_error pointlock_musig2_key_agg_tweak_xonly(const pointlock_musig2_key_agg * key_agg,
                                                     const unsigned char * tweak,
                                                     size_t tweak_length,
                                                     pointlock_musig2_key_agg ** tweaked,
                                                     pointlock_fault * fault);

/**
 * The same keys as a taproot output key (BIP-341), with merkle_root of POINTLOCK_TWEAK_LENGTH bytes; null and 0 commit to there being no
 * scripts.
 */
pointlock_error pointlock_musig2_key_agg_tweak_taproot(const pointlock_musig2_key_agg * key_agg,
                                                       const unsigned char * merkle_root,
                                                       size_t merkle_root_length,
                                                       pointlock_musig2_key_agg ** tweaked,
                                                       pointlock_fault * fault);

/**
 * The aggregate key with all its tweaks, with its parity. pointlock_point_serialize_xonly gives what stands in an output.
 */
pointlock_error pointlock_musig2_key_agg_public_key(const pointlock_musig2_key_agg * key_agg,
                                                    pointlock_point * public_key,
                                                    pointlock_fault * fault);

/**
 * Draws the secret nonce of one session. session_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy; it is overwritten with zeros,
 * which are refused, so that it makes one nonce. aggregate_key is what pointlock_musig2_key_agg_public_key gives. extra_in is
 * POINTLOCK_RANDOM_LENGTH bytes of whatever tells sessions apart, a counter for example, or null and 0.
 *
 * The nonce signs once: after pointlock_musig2_sign_partial or _last it is spent, whether that succeeded or not, and its secret is erased.
 * It has to be freed all the same. It has no encoding: a program that ends between the rounds starts a new session.
 */
pointlock_error pointlock_musig2_nonce_new(pointlock_musig2_nonce ** secret_nonce,
                                           unsigned char * session_rand,
                                           size_t session_rand_length,
                                           const pointlock_keypair * keypair,
                                           const pointlock_point * aggregate_key,
                                           const unsigned char * message,
                                           size_t message_length,
                                           const unsigned char * extra_in,
                                           size_t extra_in_length,
                                           pointlock_fault * fault);

/**
 * Erases and frees a secret nonce. Null is nothing.
 */
void pointlock_musig2_nonce_free(pointlock_musig2_nonce * secret_nonce);

/**
 * What the other signers get to see of a secret nonce: POINTLOCK_PUBLIC_NONCE_LENGTH bytes. It stays when the nonce is spent.
 */
pointlock_error pointlock_musig2_nonce_public(const pointlock_musig2_nonce * secret_nonce,
                                              unsigned char * public_nonce,
                                              size_t public_nonce_length,
                                              pointlock_fault * fault);

/**
 * The sum of public nonces, which stand one after the other: POINTLOCK_PUBLIC_NONCE_LENGTH bytes. A session takes the nonces themselves, so
 * this is for looking at.
 */
pointlock_error pointlock_musig2_nonce_agg(const unsigned char * public_nonces,
                                           size_t public_nonces_length,
                                           unsigned char * aggregate_nonce,
                                           size_t aggregate_nonce_length,
                                           pointlock_fault * fault);

/**
 * A session that ends in a BIP-340 signature. public_nonces are those of all signers, in the order of their keys, one after the other.
 */
pointlock_error pointlock_musig2_session_new(pointlock_musig2_session ** session,
                                             const pointlock_musig2_key_agg * key_agg,
                                             const unsigned char * public_nonces,
                                             size_t public_nonces_length,
                                             const unsigned char * message,
                                             size_t message_length,
                                             pointlock_fault * fault);

/**
 * A session that ends in a pre-signature under lock_point.
 */
pointlock_error pointlock_musig2_session_new_locked(pointlock_musig2_session ** session,
                                                    const pointlock_musig2_key_agg * key_agg,
                                                    const unsigned char * public_nonces,
                                                    size_t public_nonces_length,
                                                    const unsigned char * message,
                                                    size_t message_length,
                                                    const pointlock_point * lock_point,
                                                    pointlock_fault * fault);

/**
 * Frees a session. Null is nothing.
 */
void pointlock_musig2_session_free(pointlock_musig2_session * session);

/**
 * The final nonce, R' in a session with a lock point: its x coordinate is the first half of the signature.
 */
pointlock_error pointlock_musig2_session_final_nonce(const pointlock_musig2_session * session,
                                                     pointlock_point * final_nonce,
                                                     pointlock_fault * fault);

/**
 * One's own partial signature, POINTLOCK_PARTIAL_SIGNATURE_LENGTH bytes. It spends the nonce, also when it fails. In a session with a lock
 * point only a signer that needs not extract may give this before it has the others': see pointlock_musig2_sign_partial_last.
 */
pointlock_error pointlock_musig2_sign_partial(const pointlock_musig2_session * session,
                                              const pointlock_musig2_nonce * secret_nonce,
                                              const pointlock_keypair * keypair,
                                              unsigned char * partial_signature,
                                              size_t partial_signature_length,
                                              pointlock_fault * fault);

/**
 * One's own partial signature once those of all others are there, in the order of their keys and one after the other, and the
 * pre-signature of POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes, which is complete with it. A signer that wants to extract the lock
 * secret signs with this: keep the pre-signature, durably, before you send the partial signature. It spends the nonce, also when it fails.
 */
pointlock_error pointlock_musig2_sign_partial_last(const pointlock_musig2_session * session,
                                                   const pointlock_musig2_nonce * secret_nonce,
                                                   const pointlock_keypair * keypair,
                                                   const unsigned char * others,
                                                   size_t others_length,
                                                   unsigned char * partial_signature,
                                                   size_t partial_signature_length,
                                                   unsigned char * pre_signature,
                                                   size_t pre_signature_length,
                                                   pointlock_fault * fault);

/**
 * Whether this is the partial signature of the signer, an index into the keys, in this session. Whatever the bytes are, they are right or
 * wrong.
 */
pointlock_error pointlock_musig2_verify_partial(const pointlock_musig2_session * session,
                                                size_t signer,
                                                const unsigned char * partial_signature,
                                                size_t partial_signature_length,
                                                pointlock_fault * fault);

/**
 * The pre-signature of a session with a lock point, POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes, from the partial signatures of all signers,
 * in the order of their keys and one after the other. Each is verified: index of the fault is the signer that is to blame.
 */
pointlock_error pointlock_musig2_aggregate_locked(const pointlock_musig2_session * session,
                                                  const unsigned char * partial_signatures,
                                                  size_t partial_signatures_length,
                                                  unsigned char * pre_signature,
                                                  size_t pre_signature_length,
                                                  pointlock_fault * fault);

/**
 * The signature of a session without a lock point, POINTLOCK_SIGNATURE_LENGTH bytes, in the same way.
 */
pointlock_error pointlock_musig2_aggregate(const pointlock_musig2_session * session,
                                           const unsigned char * partial_signatures,
                                           size_t partial_signatures_length,
                                           unsigned char * signature,
                                           size_t signature_length,
                                           pointlock_fault * fault);

/**
 * Reads a compressed point of POINTLOCK_POINT_LENGTH bytes.
 */
pointlock_error pointlock_point_parse(pointlock_point * point,
                                      const unsigned char * bytes,
                                      size_t bytes_length,
                                      pointlock_fault * fault);

/**
 * Reads an x-only public key of POINTLOCK_XONLY_LENGTH bytes (BIP-340): the point with this x and an even y.
 */
pointlock_error pointlock_point_parse_xonly(pointlock_point * point,
                                            const unsigned char * bytes,
                                            size_t bytes_length,
                                            pointlock_fault * fault);

/**
 * Writes a point in its compressed form, POINTLOCK_POINT_LENGTH bytes.
 */
pointlock_error pointlock_point_serialize(const pointlock_point * point,
                                          unsigned char * bytes,
                                          size_t bytes_length,
                                          pointlock_fault * fault);

/**
 * Writes the x coordinate of a point, POINTLOCK_XONLY_LENGTH bytes: as a public key of BIP-340.
 */
pointlock_error pointlock_point_serialize_xonly(const pointlock_point * point,
                                                unsigned char * bytes,
                                                size_t bytes_length,
                                                pointlock_fault * fault);

/**
 * The message of a proof, POINTLOCK_MESSAGE_LENGTH bytes, and the base that is hashed from it, a point of which nobody knows the logarithm.
 */
pointlock_error pointlock_proof_base(const pointlock_point * payer_key,
                                     const unsigned char * invoice_id,
                                     size_t invoice_id_length,
                                     uint64_t amount_msat,
                                     const unsigned char * note_hash,
                                     size_t note_hash_length,
                                     const unsigned char * verifier,
                                     size_t verifier_length,
                                     const unsigned char * challenge,
                                     size_t challenge_length,
                                     unsigned char * message,
                                     size_t message_length,
                                     pointlock_point * base,
                                     pointlock_fault * fault);

/**
 * Makes a proof that the holder of payer_key was charged amount_msat on this invoice, for one verifier and one challenge of its own.
 * point_secret is what the payment ended with. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
 */
pointlock_error pointlock_proof_new(pointlock_proof ** proof,
                                    const pointlock_invoice * invoice,
                                    const pointlock_payer_key * payer_key,
                                    const pointlock_secret * point_secret,
                                    uint64_t amount_msat,
                                    const unsigned char * note_hash,
                                    size_t note_hash_length,
                                    const unsigned char * verifier,
                                    size_t verifier_length,
                                    const unsigned char * challenge,
                                    size_t challenge_length,
                                    const unsigned char * aux_rand,
                                    size_t aux_rand_length,
                                    pointlock_fault * fault);

/**
 * Reads a proof from its TLV stream, and verifies the signature of the invoice in it. Nothing is proven before pointlock_proof_verify.
 */
pointlock_error pointlock_proof_parse(pointlock_proof ** proof,
                                      const unsigned char * stream,
                                      size_t stream_length,
                                      pointlock_fault * fault);

/**
 * Frees a proof. Null is nothing.
 */
void pointlock_proof_free(pointlock_proof * proof);

/**
 * How many bytes the TLV stream of a proof has.
 */
pointlock_error pointlock_proof_length(const pointlock_proof * proof,
                                       size_t * length,
                                       pointlock_fault * fault);

/**
 * The TLV stream of a proof, exactly as many bytes as pointlock_proof_length says.
 */
pointlock_error pointlock_proof_serialize(const pointlock_proof * proof,
                                          unsigned char * stream,
                                          size_t stream_length,
                                          pointlock_fault * fault);

/**
 * What a proof shows, without what it is about: POINTLOCK_POINT_PROOF_LENGTH bytes.
 */
pointlock_error pointlock_proof_point_proof(const pointlock_proof * proof,
                                            unsigned char * point_proof,
                                            size_t point_proof_length,
                                            pointlock_fault * fault);

/**
 * Verifies a proof. issuer is the receiver's key, known from elsewhere and never from the proof; verifier and challenge are what this
 * verifier has asked for. When it succeeds, amount_msat is the amount that was charged, and note_hash (POINTLOCK_NOTE_HASH_LENGTH bytes) what
 * the note hashes to.
 */
pointlock_error pointlock_proof_verify(const pointlock_proof * proof,
                                       const pointlock_point * issuer,
                                       const unsigned char * verifier,
                                       size_t verifier_length,
                                       const unsigned char * challenge,
                                       size_t challenge_length,
                                       uint64_t * amount_msat,
                                       unsigned char * note_hash,
                                       size_t note_hash_length,
                                       pointlock_fault * fault);

/**
 * Signs a message of POINTLOCK_MESSAGE_LENGTH bytes, a signature hash, up to the secret of lock_point: a pre-signature of
 * POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
 */
pointlock_error pointlock_schnorr_pre_sign(const pointlock_keypair * keypair,
                                           const unsigned char * message,
                                           size_t message_length,
                                           const pointlock_point * lock_point,
                                           const unsigned char * aux_rand,
                                           size_t aux_rand_length,
                                           unsigned char * pre_signature,
                                           size_t pre_signature_length,
                                           pointlock_fault * fault);

/**
 * The same, and verifies what it made: against faults of the machine, at the price of a verification.
 */
pointlock_error pointlock_schnorr_pre_sign_verified(const pointlock_keypair * keypair,
                                                    const unsigned char * message,
                                                    size_t message_length,
                                                    const pointlock_point * lock_point,
                                                    const unsigned char * aux_rand,
                                                    size_t aux_rand_length,
                                                    unsigned char * pre_signature,
                                                    size_t pre_signature_length,
                                                    pointlock_fault * fault);

/**
 * Whether the secret of lock_point finishes this pre-signature to a signature of message by public_key (by its x coordinate, BIP-340). Whatever its bytes are,
 * they are right or wrong: POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING or _INVALID.
 */
pointlock_error pointlock_schnorr_verify(const unsigned char * pre_signature,
                                         size_t pre_signature_length,
                                         const pointlock_point * public_key,
                                         const unsigned char * message,
                                         size_t message_length,
                                         const pointlock_point * lock_point,
                                         pointlock_fault * fault);

/**
 * Finishes a pre-signature with the secret of its lock: a signature of POINTLOCK_SIGNATURE_LENGTH bytes. It does not look whether this
 * is the right secret: a wrong one gives a signature that is not valid.
 */
pointlock_error pointlock_schnorr_adapt(const unsigned char * pre_signature,
                                        size_t pre_signature_length,
                                        const pointlock_secret * lock_secret,
                                        unsigned char * signature,
                                        size_t signature_length,
                                        pointlock_fault * fault);

/**
 * The same, and verifies the signature: POINTLOCK_ERROR_SIGNATURE_INVALID when secret or pre-signature are not right.
 */
pointlock_error pointlock_schnorr_adapt_verified(const unsigned char * pre_signature,
                                                 size_t pre_signature_length,
                                                 const pointlock_secret * lock_secret,
                                                 const pointlock_point * public_key,
                                                 const unsigned char * message,
                                                 size_t message_length,
                                                 unsigned char * signature,
                                                 size_t signature_length,
                                                 pointlock_fault * fault);

/**
 * The secret of lock_point, from a pre-signature and the signature that was made of it. Free it with pointlock_secret_free.
 */
pointlock_error pointlock_schnorr_extract(const unsigned char * pre_signature,
                                          size_t pre_signature_length,
                                          const unsigned char * signature,
                                          size_t signature_length,
                                          const pointlock_point * public_key,
                                          const unsigned char * message,
                                          size_t message_length,
                                          const pointlock_point * lock_point,
                                          pointlock_secret ** lock_secret,
                                          pointlock_fault * fault);

/**
 * Checks a finished signature of a message.
 */
pointlock_error pointlock_schnorr_verify_signature(const unsigned char * signature,
                                                   size_t signature_length,
                                                   const pointlock_point * public_key,
                                                   const unsigned char * message,
                                                   size_t message_length,
                                                   pointlock_fault * fault);

/**
 * Verifies many pre-signatures in one sum: pre_signatures and messages are count of each, one after the other, public_keys and lock_points
 * are lists of count points. When one is refused, index of the fault is the first that pointlock_schnorr_verify would refuse; which else,
 * pointlock_schnorr_verify_each tells. An empty batch is valid.
 */
pointlock_error pointlock_schnorr_verify_batch(const unsigned char * pre_signatures,
                                               size_t pre_signatures_length,
                                               const pointlock_point * public_keys,
                                               const unsigned char * messages,
                                               size_t messages_length,
                                               const pointlock_point * lock_points,
                                               size_t count,
                                               pointlock_fault * fault);

/**
 * Verifies many pre-signatures, and says of each whether it is valid: 1 or 0 in verdicts, which has count bytes. That the call
 * succeeds says that it has looked, and not that anything is valid.
 */
pointlock_error pointlock_schnorr_verify_each(const unsigned char * pre_signatures,
                                              size_t pre_signatures_length,
                                              const pointlock_point * public_keys,
                                              const unsigned char * messages,
                                              size_t messages_length,
                                              const pointlock_point * lock_points,
                                              size_t count,
                                              unsigned char * verdicts,
                                              size_t verdicts_length,
                                              pointlock_fault * fault);

/**
 * Makes a secret scalar, such as the secret of a lock, of POINTLOCK_SECRET_LENGTH bytes, big endian, from 1 to n - 1. The caller
 * erases its own bytes.
 */
pointlock_error pointlock_secret_new(pointlock_secret ** secret,
                                     const unsigned char * bytes,
                                     size_t bytes_length,
                                     pointlock_fault * fault);

/**
 * Erases and frees a secret. Null is nothing.
 */
void pointlock_secret_free(pointlock_secret * secret);

/**
 * The point of a secret: its lock.
 */
pointlock_error pointlock_secret_point(const pointlock_secret * secret,
                                       pointlock_point * point,
                                       pointlock_fault * fault);

/**
 * Whether a secret opens a lock point; POINTLOCK_ERROR_SECRET_MISMATCH says that it does not.
 */
pointlock_error pointlock_secret_opens(const pointlock_secret * secret,
                                       const pointlock_point * lock_point,
                                       pointlock_fault * fault);

/**
 * The bytes of a secret in the clear, POINTLOCK_SECRET_LENGTH of them: for a store that keeps secrets, or for update_fulfill.
 */
pointlock_error pointlock_dangerous_secret_bytes(const pointlock_secret * secret,
                                                 unsigned char * bytes,
                                                 size_t bytes_length,
                                                 pointlock_fault * fault);

/**
 * Makes a blind of POINTLOCK_SECRET_LENGTH bytes that were drawn for this attempt, this part and this hop. A blind is no secret of a
 * lock, and the compiler tells them apart.
 */
pointlock_error pointlock_blind_new(pointlock_blind ** blind,
                                    const unsigned char * bytes,
                                    size_t bytes_length,
                                    pointlock_fault * fault);

/**
 * Erases and frees a blind. Null is nothing.
 */
void pointlock_blind_free(pointlock_blind * blind);

/**
 * The sum of one or more blinds: several tweaks act as one.
 */
pointlock_error pointlock_blind_sum(pointlock_blind ** sum,
                                    const pointlock_blind *const * blinds,
                                    size_t blinds_count,
                                    pointlock_fault * fault);

/**
 * The bytes of a blind in the clear, POINTLOCK_SECRET_LENGTH of them: for the payload of the one node that may read it.
 */
pointlock_error pointlock_dangerous_blind_bytes(const pointlock_blind * blind,
                                                unsigned char * bytes,
                                                size_t bytes_length,
                                                pointlock_fault * fault);

/**
 * Makes a key pair of a secret key of POINTLOCK_SECRET_LENGTH bytes.
 */
pointlock_error pointlock_keypair_new(pointlock_keypair ** keypair,
                                      const unsigned char * secret_key,
                                      size_t secret_key_length,
                                      pointlock_fault * fault);

/**
 * Erases and frees a key pair. Null is nothing.
 */
void pointlock_keypair_free(pointlock_keypair * keypair);

/**
 * The public key of a key pair, with its parity.
 */
pointlock_error pointlock_keypair_public_key(const pointlock_keypair * keypair,
                                             pointlock_point * public_key,
                                             pointlock_fault * fault);

/**
 * The version of the interface that the library has.
 */
uint32_t pointlock_version(void);

/**
 * Whether the library has the interface of the header that the program was compiled with. Call it first, with POINTLOCK_VERSION;
 * when it returns an error call nothing else.
 */
pointlock_error pointlock_check_version(uint32_t version,
                                        pointlock_fault * fault);

/**
 * Blinds the multiplication of the base point with seed, 32 bytes of fresh entropy: a defence against side channels other than
 * timing. Call it once, before all but the check of the version; later it is refused.
 */
pointlock_error pointlock_randomize(const unsigned char * seed,
                                    size_t seed_length,
                                    pointlock_fault * fault);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POINTLOCK_H */
