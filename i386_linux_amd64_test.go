package curb_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A 32-bit program enforces its policy as any other does: on this kernel, which
// runs it. It shows too what socketcall means for a rule about socket.
func TestEnforceOn386(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "i386")
	build := exec.Command("go", "build", "-o", binary, "./testdata/i386")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=386", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	out, err := exec.Command(binary).CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("this kernel does not run programs of 386")
	}
	if err != nil || string(out) != "as it should be\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
