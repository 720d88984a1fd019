package gen

import (
	"bytes"
	"fmt"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// library is what the lock-down imports: it loads filters and links nothing
// else in.
const library = "github.com/gocurb/curb/precompiled"

// writeFilter writes the function that loads the filter, and the filter.
func writeFilter(b *bytes.Buffer, t *syscalls.Table, program filter.Program) {
	fmt.Fprintf(b, `//
//go:noinline
func %s() {
	precompiled.Filter{Arch: %q, Program: curbFilter[:]}.MustEnforce()
}

// curbFilter is that, compiled: an instruction of classic BPF a line. "? 7 : 9"
// goes on at 7 if the comparison holds, else at 9.
var curbFilter = [...]uint64{
`, function, t.Arch)
	packed := program.Packed()
	for i, text := range program.Lines(t) {
		ins := packed[i]
		fmt.Fprintf(b, "\t0x%04x_%02x_%02x_%08x, // %3d: %s\n", ins>>48, uint8(ins>>40), uint8(ins>>32), uint32(ins), i, text)
	}
	b.WriteString("}\n")
}
