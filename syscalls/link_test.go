package syscalls_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// dataSymbol finds the package's variables in the output of go tool nm, and
// its initialisation, which must not exist.
var dataSymbol = regexp.MustCompile(`gocurb/curb/syscalls\.(table\w+|tables|callArches|archs|flagArgs|flagSets|enosysReasons|init\S*)`)

// A program carries the tables that it names, and nothing of the package runs
// when it starts.
func TestLinkedData(t *testing.T) {
	for _, test := range []struct {
		program, goarch string
		want            []string
	}{
		{"one", "amd64", []string{"tableARM64"}},
		{"native", "amd64", []string{"tableAMD64"}},
		{"native", "arm64", []string{"tableARM64"}},
		{"native", "riscv64", []string{"tableRISCV64"}},
		{"native", "ppc64le", []string{"tablePPC64LE"}}, // one list for both byte orders
		{"names", "amd64", []string{"archs", "callArches"}},
		{"flags", "amd64", []string{"archs", "flagArgs", "flagSets", "tableAMD64"}},
		{"reasons", "amd64", []string{"enosysReasons", "tableAMD64"}},
		{"all", "amd64", []string{
			"tableAMD64", "tableARM", "tableARM64", "tableI386", "tableLOONG64", "tableMIPS", "tableMIPS64", "tableMIPS64LE", "tableMIPSLE",
			"tableN32", "tableN32LE", "tablePPC64", "tablePPC64LE", "tableRISCV64", "tableS390X", "tableX32", "tables",
		}},
	} {
		t.Run(test.program+"/"+test.goarch, func(t *testing.T) {
			t.Parallel()
			binary := filepath.Join(t.TempDir(), "program")
			build := exec.Command("go", "build", "-o", binary, "./testdata/link/"+test.program)
			build.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOARCH="+test.goarch)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("building the program: %v\n%s", err, out)
			}
			symbols, err := exec.Command("go", "tool", "nm", binary).Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range dataSymbol.FindAllSubmatch(symbols, -1) {
				got = append(got, string(m[1]))
			}
			slices.Sort(got)
			// A table's arrays may be symbols of their own: tableX..stmp_1.
			got = slices.Compact(got)
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("the program has the package's data %v, want %v", got, test.want)
			}
		})
	}
}
