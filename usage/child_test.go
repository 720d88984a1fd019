package usage

import (
	"slices"
	"strings"
	"testing"
)

func child(arch string) *Usage {
	return &Usage{
		Binary: "./child", Arch: arch, Children: []string{"./grandchild"},
		Syscalls: []Syscall{
			{Name: "msgget", Nr: 68, Evidence: []Evidence{{Frame: Frame{Function: "main.main"}}, {Frame: Frame{Function: "main.deep"}, Binary: "./grandchild"}}, By: []Source{{Package: "main"}}},
			{Name: "restart_syscall", Nr: 219, Evidence: []Evidence{{Frame: Frame{Function: "main.main"}}}},
			{Name: "write", Nr: 1, Evidence: []Evidence{{Frame: Frame{Function: "main.main"}}}, By: []Source{{Package: "std", Module: "std"}}},
		},
		Unresolved: []Unresolved{{Frame: Frame{Function: "main.any"}, Reason: "why"}},
	}
}

func TestAddChild(t *testing.T) {
	u := traced()
	if err := u.AddChild(child("amd64")); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(u.Names(), " "), "execve msgget restart_syscall write"; got != want {
		t.Errorf("the union is %s, want %s", got, want)
	}
	if want := []string{"./child", "./grandchild"}; !slices.Equal(u.Children, want) {
		t.Errorf("the children are %v, want %v", u.Children, want)
	}
	execve, _ := u.Find("execve")
	if len(execve.Evidence) != 1 || execve.Origin != Code {
		t.Errorf("the parent makes execve itself, and it became %+v", execve)
	}
	msgget, _ := u.Find("msgget")
	if len(msgget.Evidence) != 2 || msgget.Evidence[0].Binary != "./child" || msgget.Evidence[1].Binary != "./grandchild" || msgget.By[0].Binary != "./child" {
		t.Errorf("msgget is not marked as the child's: %+v", msgget)
	}
	write, _ := u.Find("write")
	last := write.Evidence[len(write.Evidence)-1]
	if len(write.Evidence) != 7 || write.Evidence[0].Binary != "" || last.Binary != "./child" {
		t.Errorf("write has %d places, the last in %q; want the parent's 6, and then the child's", len(write.Evidence), last.Binary)
	}
	if restart, _ := u.Find("restart_syscall"); restart.Origin != Code {
		t.Errorf("the child's code makes restart_syscall, and its origin is %q", restart.Origin)
	}
	if len(u.Unresolved) != 1 || u.Unresolved[0].Binary != "./child" {
		t.Errorf("the child's unresolved place is %+v", u.Unresolved)
	}
	for _, row := range u.ByPackage().Rows {
		if row.Package == "std" && row.Binary == "./child" && !slices.Equal(row.Calls, []string{"write"}) {
			t.Errorf("std of the child brings in %v", row.Calls)
		}
	}
}

// What the child is started by must be allowed, even where nothing was found that
// does it. The child's own table stays as it was.
func TestAddChildNeedsExecve(t *testing.T) {
	u, c := &Usage{Binary: "./m", Arch: "amd64", Launcher: []string{"execve"}}, child("amd64")
	if err := u.AddChild(c); err != nil {
		t.Fatal(err)
	}
	execve, ok := u.Find("execve")
	if !ok || execve.Nr != 59 || execve.Origin != Launcher || !strings.Contains(execve.Evidence[0].Note, "./child") {
		t.Errorf("execve: %+v, %t", execve, ok)
	}
	if c.Syscalls[0].Evidence[0].Binary != "" || c.Syscalls[0].By[0].Binary != "" {
		t.Error("adding the child changed the child's usage")
	}
	var table strings.Builder
	if err := u.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"launcher  it is needed to start ./child", "main.main in ./child", "(in ./child): why"} {
		if !strings.Contains(strings.Join(strings.Fields(table.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the table does not say %q:\n%s", want, &table)
		}
	}
}

func TestAddChildOfOtherArchitecture(t *testing.T) {
	u := traced()
	err := u.AddChild(child("arm64"))
	if err == nil || !strings.Contains(err.Error(), "./child is for arm64") || len(u.Children) > 0 {
		t.Errorf("error %v, children %v", err, u.Children)
	}
}
