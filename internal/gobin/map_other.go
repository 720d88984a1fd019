//go:build !unix

package gobin

import "os"

// mapFile reads the whole file: there is no copy-on-write mapping to use.
func mapFile(path string) ([]byte, func() error, error) {
	data, err := os.ReadFile(path)
	return data, func() error { return nil }, err
}
