//go:build !go1.18

package main

//go:noinline
func closeAll(all []one) {
	for _, c := range all {
		c.close()
	}
}
