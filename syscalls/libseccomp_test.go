package syscalls_test

import (
	"cmp"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// libseccompArch is what libseccomp calls the architectures.
var libseccompArch = map[string]string{
	"386": "x86", "amd64": "x86_64", "x32": "x32", "arm": "arm", "arm64": "aarch64",
	"mips": "mips", "mipsle": "mipsel", "mips64": "mips64", "mips64le": "mipsel64", "n32": "mips64n32", "n32le": "mipsel64n32",
	"ppc64": "ppc64", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x", "loong64": "loongarch64",
}

// firstNumber is where the numbers begin, 0 when it is not here. On mips
// libseccomp takes those without it as well, for the same calls.
var firstNumber = map[string]string{
	"x32": "0x40000000", "mips": "4000", "mipsle": "4000", "mips64": "5000", "mips64le": "5000", "n32": "6000", "n32le": "6000",
}

// libseccomp, which keeps its own tables, has the same names and numbers, as far
// as it knows the call. Where it has a call that the table lacks, that is wrong
// too.
func TestLibseccompAgrees(t *testing.T) {
	helper := filepath.Join(t.TempDir(), "names")
	if out, err := exec.Command("gcc", "-o", helper, "testdata/libseccomp/names.c", "-lseccomp").CombinedOutput(); err != nil {
		t.Skipf("the helper cannot be built, it needs gcc and libseccomp-dev: %v\n%s", err, out)
	}
	for _, table := range tables {
		arch := libseccompArch[table.Arch]
		if !knows(t, helper, arch) {
			t.Logf("this libseccomp does not know %s", arch)
			continue
		}
		t.Run(table.Arch, func(t *testing.T) { compareWithLibseccomp(t, table, helper, arch) })
	}
}

// knows asks for a call that each architecture has.
func knows(t *testing.T, helper, arch string) bool {
	t.Helper()
	cmd := exec.Command(helper)
	cmd.Stdin = strings.NewReader(arch + " read\n")
	return cmd.Run() == nil
}

func compareWithLibseccomp(t *testing.T, table *syscalls.Table, helper, arch string) {
	var in strings.Builder
	for c := range table.All() {
		fmt.Fprintln(&in, arch, c.Name)
	}
	args := []string{arch, cmp.Or(firstNumber[table.Arch], "0")}
	if table.Arch == "arm" {
		args = append(args, arch, "0xf0000")
	}
	cmd := exec.Command(helper, args...)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("asking libseccomp: %v", err)
	}
	agreed := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		number, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatal(err)
		}
		if number < 0 {
			continue // not known, or known not to exist there: newer than libseccomp
		}
		name, nr := f[0], uint32(number)
		c, ok := table.ByName(name)
		switch {
		case !ok:
			t.Errorf("%s: libseccomp has %s, %d, and the table does not", table.Arch, name, nr)
		case c.Nr != nr:
			t.Errorf("%s: %s is %d, libseccomp says %d", table.Arch, name, c.Nr, nr)
		default:
			agreed++
		}
	}
	if agreed < 2*280 {
		t.Errorf("%s: only %d answers of libseccomp are about the table", table.Arch, agreed)
	}
}
