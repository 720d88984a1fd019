package scan_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// attributes are the calls that only the attributes of a process ask for.
const attributes = "setsid setpgid setgroups setgid setuid unshare mount ptrace capset getppid ioctl chroot"

// curb returns the command, built once.
func curb(t *testing.T) string {
	t.Helper()
	return buildOnce(t, "curb", ".", nil, "../cmd/curb")
}

// Attributes that ask for a session of its own for a child are found, however they
// are made, and the program runs under its own policy. Where none are made, nothing
// that they may ask for is in it.
func TestAttributes(t *testing.T) {
	asked := strings.Fields(attributes + " clone3") // which older releases do not make
	for way, found := range map[string]string{
		"none": "false", "heap": "true", "stack": "true", "process": "true", "pointer": "true", "command": "true",
		"static": "true", "zeroed": "true", "slice": "true", "channel": "true", "captured": "true",
		"converted": "true", "generic": "true", "reflected": "true", "decoded": "true", "linked": "true", "finalized": "true",
	} {
		t.Run(way, func(t *testing.T) {
			path := buildOnce(t, "attributes-"+way, ".", nil, "-ldflags=-checklinkname=0", "-tags="+way, "./testdata/attributes")
			u := scanned(t, path)
			missing := without(asked, u.Names())
			if way == "none" && len(missing) != len(asked) {
				t.Errorf("nobody asks for %v", without(asked, missing))
			}
			if way != "none" && len(missing) > 0 {
				t.Errorf("%v is lost", missing)
			}
			out, err := exec.Command(curb(t), "run", "-q", "--deny", "trap", "--no-cache", path).CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != found {
				t.Errorf("under its own policy: %v\n%s", err, out)
			}
		})
	}
}

// The same holds for what other releases build, for both architectures. Of the code of
// the old ones less can be told.
func TestAttributesReleases(t *testing.T) {
	for _, release := range []struct{ toolchain, arch, open string }{
		{"go1.17.13", "amd64", "chroot"}, {"go1.17.13", "arm64", attributes}, {"go1.18.10", "arm64", "chroot"},
		{"go1.20.14", "amd64", "chroot"}, {"go1.23.12", "amd64", ""}, {"", "arm64", ""},
		{"go1.27.4", "amd64", ""}, {"go1.27.4", "arm64", ""},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/attributes")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module attributes\n\ngo 1.17\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{"none", "command", "stack", "zeroed"} {
			t.Run(release.toolchain+"/"+release.arch+"/"+way, func(t *testing.T) {
				env := []string{"GOWORK=off", "GOARCH=" + release.arch}
				if release.toolchain != "" {
					env = append(env, "GOTOOLCHAIN="+release.toolchain)
				}
				path := buildOnce(t, "attributes-"+way+"-"+release.toolchain+"-"+release.arch, dir, env, "-tags="+way, ".")
				missing := without(strings.Fields(attributes), scanned(t, path).Names())
				if way != "none" && len(missing) > 0 {
					t.Errorf("%v is lost", missing)
				}
				if extra := without(without(strings.Fields(attributes), missing), strings.Fields(release.open)); way == "none" && len(extra) > 0 {
					t.Errorf("nobody asks for %v", extra)
				}
			})
		}
	}
}

// What is known of the functions that start processes is true in all releases: they
// are called as the analysis expects, do not change what they are passed, and make no
// pointers to it but to a few of their own variables.
func TestAttributesSources(t *testing.T) {
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			syscalls := functions(t, sources(t, release, "syscall"))
			for callee, callers := range map[string]string{
				"forkAndExecInChild1": "forkAndExecInChild", "forkAndExecInChild": "forkExec", "forkExec": "ForkExec StartProcess",
			} {
				named := uses(syscalls, func(n ast.Node) bool {
					id, ok := n.(*ast.Ident)
					return ok && id.Name == callee
				})
				if extra := without(named, strings.Fields(callers)); len(extra) > 0 {
					t.Errorf("%v names %s, too", extra, callee)
				}
			}
			for name, pointed := range map[string]string{
				"forkExec":            "p err1 n wstatus zeroProcAttr zeroSysProcAttr",
				"forkAndExecInChild":  "err2 p mapPipe",
				"forkAndExecInChild1": "p mapPipe err1 err2 caps puid psetgroups pgid gidmap uidmap setgroups cred pidfd cloneArgs pgrp rlim lim none slash argv envv",
			} {
				for _, d := range syscalls[name] {
					checkPassed(t, d, strings.Fields(pointed))
				}
			}
			checkPidfd(t, functions(t, sources(t, release, "os"))["ensurePidfd"])
		})
	}
}

// checkPassed holds that a function changes no attributes, and makes pointers to
// nothing but the variables of these names.
func checkPassed(t *testing.T, d *ast.FuncDecl, pointed []string) {
	t.Helper()
	root := func(e ast.Expr) string {
		for {
			switch x := e.(type) {
			case *ast.SelectorExpr:
				e = x.X
			case *ast.IndexExpr:
				e = x.X
			case *ast.CompositeLit:
				return types.ExprString(x.Type)
			default:
				return types.ExprString(e)
			}
		}
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			if n.Op == token.AND && !slices.Contains(pointed, root(n.X)) {
				t.Errorf("%s makes a pointer to %s", d.Name.Name, root(n.X))
			}
		case *ast.SliceExpr:
			if !slices.Contains(pointed, root(n.X)) {
				t.Errorf("%s makes a slice of %s", d.Name.Name, root(n.X))
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				to := types.ExprString(l)
				zero := d.Name.Name == "forkExec" && len(n.Rhs) == len(n.Lhs) && slices.Contains([]string{"&zeroProcAttr", "&zeroSysProcAttr", "attr.Sys"}, types.ExprString(n.Rhs[i]))
				passed := to == "attr" || to == "sys" || to == "chroot" && d.Name.Name != "forkExec" || strings.HasPrefix(to, "sys.") || strings.HasPrefix(to, "attr.")
				if passed && !zero {
					t.Errorf("%s changes %s", d.Name.Name, to)
				}
			}
		}
		return true
	})
}

// checkPidfd holds that os.ensurePidfd, where there is one, sets PidFD and nothing else.
func checkPidfd(t *testing.T, all []*ast.FuncDecl) {
	t.Helper()
	for _, d := range all {
		ast.Inspect(d.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key := types.ExprString(n.Key); key != "PidFD" {
					t.Errorf("ensurePidfd sets %s", key)
				}
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					if s, ok := l.(*ast.SelectorExpr); ok && s.Sel.Name != "PidFD" {
						t.Errorf("ensurePidfd sets %s", s.Sel.Name)
					}
				}
			}
			return true
		})
	}
}
