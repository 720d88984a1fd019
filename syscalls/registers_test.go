package syscalls_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

var long = flag.Bool("long", false, "run the tests that take minutes: programs for every architecture")

// registerRuns is the architectures and what runs their programs, nothing where
// the kernel does. The first few are one of each kind: they differ in the size of
// a register, the byte order and the alignment of pairs.
var registerRuns = []struct {
	goarch, emulator string
	long             bool
}{
	{"amd64", "", false},
	{"386", "", false},
	{"arm", "qemu-arm-static", false},
	{"mips", "qemu-mips-static", false},
	{"s390x", "qemu-s390x-static", false},
	{"arm64", "qemu-aarch64-static", true},
	{"loong64", "qemu-loongarch64-static", true},
	{"mips64", "qemu-mips64-static", true},
	{"mips64le", "qemu-mips64el-static", true},
	{"mipsle", "qemu-mipsel-static", true},
	{"ppc64", "qemu-ppc64-static", true},
	{"ppc64le", "qemu-ppc64le-static", true},
	{"riscv64", "qemu-riscv64-static", true},
}

// Calls made with the table's numbers and values, in the table's registers, do
// what they are for: on the kernel of this machine, and on what QEMU knows of the
// other architectures.
func TestRegisters(t *testing.T) {
	for _, run := range registerRuns {
		t.Run(run.goarch, func(t *testing.T) {
			t.Parallel()
			if run.long && !*long {
				t.Skip("only with -long")
			}
			if run.emulator == "" && (runtime.GOOS != "linux" || runtime.GOARCH != "amd64") {
				t.Skip("this kernel does not run its programs")
			}
			binary := filepath.Join(t.TempDir(), "registers")
			build := exec.Command("go", "build", "-o", binary, "./testdata/registers")
			build.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOARCH="+run.goarch)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("building the program: %v\n%s", err, out)
			}
			cmd := exec.Command(binary)
			if run.emulator != "" {
				if _, err := exec.LookPath(run.emulator); err != nil {
					t.Skipf("%s is not here: install qemu-user-static", run.emulator)
				}
				cmd = exec.Command(run.emulator, binary)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
