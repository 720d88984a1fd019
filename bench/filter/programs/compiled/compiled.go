// Package compiled holds the filter of the sample policy, for the programs that
// carry it. The benchmark compiles it and puts it in the place of this file when
// it builds them; what is here, for other builds, allows everything.
package compiled

import "syscall"

// Packed is the filter as package precompiled takes it.
var Packed = [...]uint64{0x0006_00_00_7fff0000}

// Raw is the same as the kernel takes it.
var Raw = [...]syscall.SockFilter{{Code: 0x06, K: 0x7fff0000}}
