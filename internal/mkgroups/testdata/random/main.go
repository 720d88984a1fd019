// Random numbers, of both kinds.
package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"io"
	"math/big"
	mathrand "math/rand/v2"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	_, _ = rand.Read(make([]byte, 1000))
	_ = rand.Text()
	_, err := io.ReadFull(rand.Reader, make([]byte, 10))
	check(err)
	_, err = rand.Int(rand.Reader, big.NewInt(100))
	check(err)
	_ = mathrand.Int()
	_, err = ecdh.X25519().GenerateKey(rand.Reader)
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
