package scan_test

import (
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// makes are the ways of a program to make a value of a type that it has found in a
// field that is not exported.
var makes = strings.Fields("new at zero sliced mapped converted function method interfaced received argument structured")

// A method of the type of a field that is not exported is not among what reflection
// calls, unless the program makes values of types that it finds: then it is, and the
// program runs under its own policy.
func TestUnexported(t *testing.T) {
	for _, way := range append(makes, "none") {
		for _, w := range ways[:2] {
			t.Run(way+"/"+w.name, func(t *testing.T) {
				path := buildOnce(t, "unexported-"+way+"-"+w.name, ".", nil, append(w.flags, "-tags="+way, "./testdata/unexported")...)
				if _, ok := scanned(t, path).Find("times"); ok != (way != "none") {
					t.Errorf("times is in: %v", ok)
				}
				out, err := exec.Command(curb(t), "run", "-q", "--deny", "trap", "--no-cache", path, "Run").CombinedOutput()
				want := "true"
				if way == "none" {
					want = "false"
				}
				if err != nil || strings.TrimSpace(string(out)) != want {
					t.Errorf("under its own policy: %v\n%s", err, out)
				}
			})
		}
	}
}

// The same holds for what other releases build, for both architectures.
func TestUnexportedReleases(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/unexported")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module unexported\n\ngo 1.18\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, release := range []struct{ toolchain, arch string }{
		{"go1.18.10", "amd64"}, {"go1.18.10", "arm64"}, {"go1.20.14", "amd64"}, {"go1.21.13", "amd64"}, {"go1.22.12", "amd64"},
		{"go1.24.13", "amd64"}, {"go1.27.4", "amd64"}, {"go1.27.4", "arm64"},
	} {
		for _, way := range []string{"none", "new", "at", "function"} {
			t.Run(release.toolchain+"/"+release.arch+"/"+way, func(t *testing.T) {
				env := []string{"GOWORK=off", "GOARCH=" + release.arch, "GOTOOLCHAIN=" + release.toolchain}
				path := buildOnce(t, "unexported-"+way+"-"+release.toolchain+"-"+release.arch, dir, env, "-tags="+way, ".")
				if _, ok := scanned(t, path).Find("times"); ok != (way != "none") {
					t.Errorf("times is in: %v", ok)
				}
			})
		}
	}
}

// The packages that are known to make no values but of types of which they were given
// one, or of exported fields, do so in these functions, which were read: in all
// releases they make them
//
//   - of the elements of pointers, slices and maps that can be set, as those of fields
//     that are not exported cannot be (encoding/json, fmt), or of the type of a value
//     that is then copied, as no such field can be (encoding/json);
//   - of a map's elements, of parameters, and of the types of constants in the
//     templates' text (text/template);
//   - of the type of a flag's value, which is in an interface (flag).
func TestCarefulSources(t *testing.T) {
	known := map[string]string{
		"encoding/json": "indirect arrayInterface array object literalStore typeFields",
		"fmt":           "scanOne",
		"flag":          "isZeroValue",
		"text/template": "evalField evalArg validateType evalBool evalString evalInteger evalUnsignedInteger evalFloat evalComplex " +
			"evalEmptyInterface prepareArg index",
	}
	makers := strings.Fields("New NewAt Zero MakeSlice MakeMap MakeMapWithSize MakeChan MakeFunc StructOf SliceAt Convert")
	for _, release := range releases {
		for pkg, names := range known {
			t.Run(release+"/"+pkg, func(t *testing.T) {
				making := uses(functions(t, sources(t, release, pkg)), func(n ast.Node) bool {
					s, ok := n.(*ast.SelectorExpr)
					return ok && slices.Contains(makers, s.Sel.Name) && (types.ExprString(s.X) == "reflect" || s.Sel.Name == "Convert")
				})
				if extra := without(making, strings.Fields(names)); len(extra) > 0 {
					t.Errorf("%v make values, too", extra)
				}
			})
		}
	}
}
