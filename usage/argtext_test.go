package usage

import (
	"slices"
	"strings"
	"testing"
)

func TestArgText(t *testing.T) {
	for _, test := range []struct {
		arch, name string
		nr         uint32
		call       Syscall
		want       []string
	}{
		{arch: "amd64", nr: 257, call: Syscall{Args: []ArgValues{arg(2, 0, 0, 0x80000, 0x80241)}},
			want: []string{"flags O_RDONLY, O_RDONLY|O_CLOEXEC, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC"}},
		{arch: "amd64", nr: 257, call: Syscall{Args: []ArgValues{arg(2, 0x80000, 0)}}, want: []string{"flags O_RDONLY [O_CLOEXEC]"}},
		{arch: "arm64", nr: 56, call: Syscall{Args: []ArgValues{arg(2, 0, 0x10000)}}, want: []string{"flags O_RDONLY|O_DIRECT"}},
		{arch: "amd64", nr: 9, call: Syscall{Args: []ArgValues{arg(2, 0, 0, 3), arg(3, 0x10, 0x22)}},
			want: []string{"prot PROT_NONE, PROT_READ|PROT_WRITE; flags MAP_PRIVATE|MAP_ANONYMOUS [MAP_FIXED]"}},
		{arch: "amd64", nr: 9, call: Syscall{Args: []ArgValues{arg(2, ^uint64(4), 0)}}, want: []string{"prot without PROT_EXEC"}},
		{arch: "amd64", nr: 10, call: Syscall{Args: []ArgValues{arg(2, ^uint64(6), 2, 4)}}, want: []string{"prot & PROT_WRITE|PROT_EXEC = PROT_WRITE, PROT_EXEC"}},
		{arch: "amd64", nr: 54, call: Syscall{
			Args: []ArgValues{arg(1, 0, 1, 6), arg(2, 0, 1, 2)},
			Cases: [][]ArgValues{
				{arg(1, 0, 1), arg(2, 0, 2)},
				{arg(1, 0, 6), arg(2, 0, 1)},
			},
		}, want: []string{"level SOL_SOCKET; optname SO_REUSEADDR", "level SOL_TCP; optname TCP_NODELAY"}},
		{arch: "amd64", nr: 54, call: Syscall{Args: []ArgValues{arg(1, 0, 1, 6), arg(2, 0, 1, 2)}}, want: []string{"level SOL_SOCKET, SOL_TCP; optname 1, 2"}},
		{arch: "amd64", nr: 234, call: Syscall{Args: []ArgValues{{Index: 2, Any: true}}}},
		{arch: "amd64", nr: 0, call: Syscall{}},
		{arch: "amd64", nr: 100000, call: Syscall{Args: []ArgValues{arg(0, 0, 1)}}},
	} {
		test.call.Nr = test.nr
		if got := test.call.ArgText(test.arch, 0); !slices.Equal(got, test.want) {
			t.Errorf("%s %d: got %q, want %q", test.arch, test.nr, got, test.want)
		}
	}
	many := Syscall{Nr: 257, Args: []ArgValues{arg(2, 0, 0, 1, 2, 0x80000)}}
	if got, want := many.ArgText("amd64", 2), []string{"flags O_RDONLY, O_WRONLY and 2 more"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTableHasArgs: what is known of arguments is below the calls, aligned.
func TestTableHasArgs(t *testing.T) {
	u := &Usage{Binary: "x", GoVersion: "go1.26.0", Arch: "amd64", Phase: Exec, Syscalls: []Syscall{
		{Name: "madvise", Nr: 28, Args: []ArgValues{arg(2, 0, 4)}},
		{Name: "openat", Nr: 257, Cases: [][]ArgValues{{arg(2, 0, 0)}, {arg(2, 0, 1)}}},
		{Name: "write", Nr: 1},
	}}
	var b strings.Builder
	if err := u.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
SYSTEM CALL  ITS ARGUMENTS CAN BE (where it is known; bits in brackets are set or not)
madvise      behavior MADV_DONTNEED
openat       flags O_RDONLY
             flags O_WRONLY
`
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("got:\n%s\nwant at its end:\n%s", &b, want)
	}
}
