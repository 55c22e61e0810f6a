// The swap of docs/c.md in Go, by cgo. Build the library first, then from this folder:
//
//	cargo build --release -p pointlock-ffi
//	CGO_LDFLAGS="../../../target/release/libpointlock_ffi.a -lm -ldl -pthread" go run .
package main

// #cgo CFLAGS: -I${SRCDIR}/../../include
// #include "pointlock.h"
import "C"

import (
	"crypto/rand"
	"fmt"
	"log"
	"unsafe"
)

// must ends the program when a call was refused, and says why.
func must(code C.pointlock_error, fault *C.pointlock_fault) {
	if code != C.POINTLOCK_OK {
		name := C.GoString(C.pointlock_error_name(C.int(code)))
		log.Fatalf("%s: %s", name, C.GoString(&fault.detail[0]))
	}
}

// buffer is a slice as the interface takes it: where it is, and how long.
func buffer(bytes []byte) (*C.uchar, C.size_t) {
	return (*C.uchar)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes))
}

// draw gives 32 bytes of fresh entropy.
func draw() []byte {
	bytes := make([]byte, 32)
	if _, err := rand.Read(bytes); err != nil {
		log.Fatal(err)
	}
	return bytes
}

// party is somebody with a key.
type party struct {
	keypair   *C.pointlock_keypair
	publicKey C.pointlock_point
}

func newParty() *party {
	var fault C.pointlock_fault
	p := new(party)
	key, length := buffer(draw())
	var keypair *C.pointlock_keypair
	must(C.pointlock_keypair_new(&keypair, key, length, &fault), &fault)
	p.keypair = keypair
	must(C.pointlock_keypair_public_key(p.keypair, &p.publicKey, &fault), &fault)
	return p
}

func (p *party) free() { C.pointlock_keypair_free(p.keypair) }

// preSign signs up to the secret of the lock point.
func (p *party) preSign(message []byte, lockPoint *C.pointlock_point) []byte {
	var fault C.pointlock_fault
	pre := make([]byte, C.POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH)
	m, mLength := buffer(message)
	aux, auxLength := buffer(draw())
	out, outLength := buffer(pre)
	must(C.pointlock_schnorr_pre_sign(p.keypair, m, mLength, lockPoint, aux, auxLength, out, outLength, &fault), &fault)
	return pre
}

// verify is what the one does that will be paid.
func (p *party) verify(pre, message []byte, lockPoint *C.pointlock_point) {
	var fault C.pointlock_fault
	s, sLength := buffer(pre)
	m, mLength := buffer(message)
	must(C.pointlock_schnorr_verify(s, sLength, &p.publicKey, m, mLength, lockPoint, &fault), &fault)
}

// adapt finishes a pre-signature of this party.
func (p *party) adapt(pre, message []byte, secret *C.pointlock_secret) []byte {
	var fault C.pointlock_fault
	signature := make([]byte, C.POINTLOCK_SIGNATURE_LENGTH)
	s, sLength := buffer(pre)
	m, mLength := buffer(message)
	out, outLength := buffer(signature)
	must(C.pointlock_schnorr_adapt_verified(s, sLength, secret, &p.publicKey, m, mLength, out, outLength, &fault), &fault)
	return signature
}

// extract gives the lock secret, from a pre-signature of this party and its finished signature.
func (p *party) extract(pre, signature, message []byte, lockPoint *C.pointlock_point) *C.pointlock_secret {
	var fault C.pointlock_fault
	var secret *C.pointlock_secret
	s, sLength := buffer(pre)
	f, fLength := buffer(signature)
	m, mLength := buffer(message)
	must(C.pointlock_schnorr_extract(s, sLength, f, fLength, &p.publicKey, m, mLength, lockPoint, &secret, &fault), &fault)
	return secret
}

func main() {
	var fault C.pointlock_fault
	must(C.pointlock_check_version(C.POINTLOCK_VERSION, &fault), &fault)
	alice, bob := newParty(), newParty()
	defer alice.free()
	defer bob.free()
	paysAlice, paysBob := draw(), draw() // stand for signature hashes

	// Bob draws t; Alice is told T.
	var t *C.pointlock_secret
	var lockPoint C.pointlock_point
	s, sLength := buffer(draw())
	must(C.pointlock_secret_new(&t, s, sLength, &fault), &fault)
	defer C.pointlock_secret_free(t)
	must(C.pointlock_secret_point(t, &lockPoint, &fault), &fault)

	// Bob signs first. Alice has verified that before she signs, because with hers Bob can be paid.
	fromBob := bob.preSign(paysAlice, &lockPoint)
	bob.verify(fromBob, paysAlice, &lockPoint)
	fromAlice := alice.preSign(paysBob, &lockPoint)
	alice.verify(fromAlice, paysBob, &lockPoint)

	// Bob takes his coins; Alice sees the signature, learns t, and takes hers.
	signature := alice.adapt(fromAlice, paysBob, t)
	learned := alice.extract(fromAlice, signature, paysBob, &lockPoint)
	defer C.pointlock_secret_free(learned)
	bob.adapt(fromBob, paysAlice, learned)
	fmt.Println("both are paid")
}
