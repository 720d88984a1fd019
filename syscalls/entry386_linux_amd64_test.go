package syscalls_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// A filter sees all of a register also where the call takes half of it: a 64-bit
// program that enters by int $0x80 chooses what is in the upper half, and the
// kernel does not look at it. So a comparison must not either.
func TestUpperHalfOfI386Arguments(t *testing.T) {
	helper := filepath.Join(t.TempDir(), "entry386")
	if out, err := exec.Command("gcc", "-o", helper, "testdata/entry386/main.c").CombinedOutput(); err != nil {
		t.Skipf("the helper cannot be built, it needs gcc and the headers of C and Linux: %v\n%s", err, out)
	}
	c := call(t, syscalls.I386, "close")
	out, err := exec.Command(helper, fmt.Sprint(c.Nr)).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.Sys().(syscall.WaitStatus).Signaled() {
		t.Skipf("this kernel has no entry for i386: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := fmt.Sprintf("kernel: 0\nfilter: %d\n", syscall.E2BIG)
	if string(out) != want {
		t.Errorf("close with something in the upper half of its argument: got\n%swant\n%s", out, want)
	}
	if w := c.Width(0); w != 32 {
		t.Errorf("the table says that %v has an argument of %d bits", c, w)
	}
}
