// Command crypto links the packages whose assembly uses the widest choice of
// instructions. It is built to be disassembled.
package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log"
	"math"
	"math/big"
	"math/bits"
	"net/http"
	"strings"
)

func main() {
	key := make([]byte, 32)
	rand.Read(key)
	sums := []any{
		md5.Sum(key), sha1.Sum(key), sha256.Sum256(key), sha512.Sum512(key), sha3.Sum256(key),
		crc32.ChecksumIEEE(key), crc32.Checksum(key, crc32.MakeTable(crc32.Castagnoli)),
		math.FMA(math.Pi, 2, math.Sqrt2), math.Floor(math.Exp(1.5)), bits.OnesCount8(key[0]), bits.TrailingZeros8(key[1]),
		new(big.Int).Exp(big.NewInt(3), new(big.Int).SetBytes(key), big.NewInt(1<<61-1)),
		bytes.Count(key, key[:1]), strings.Index(fmt.Sprint(key), "7"),
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		log.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		log.Fatal(err)
	}
	sums = append(sums, gcm.Seal(nil, key[:12], key, nil))
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	sums = append(sums, ed25519.Verify(public, key, ed25519.Sign(private, key)))
	for _, curve := range []ecdh.Curve{ecdh.X25519(), ecdh.P256(), ecdh.P384()} {
		k, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			log.Fatal(err)
		}
		sums = append(sums, k.PublicKey())
	}
	if k, err := rsa.GenerateKey(rand.Reader, 2048); err == nil {
		sums = append(sums, k)
	}
	json.NewEncoder(log.Writer()).Encode(sums)
	server := http.Server{Addr: "localhost:0", TLSConfig: &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}}}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
