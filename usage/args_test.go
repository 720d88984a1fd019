package usage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func arg(index int, free uint64, values ...uint64) ArgValues {
	return ArgValues{Index: index, Values: values, Free: free}
}

// What a file says of arguments is read into one form, whatever it says it in.
func TestDecodeArgs(t *testing.T) {
	u := &Usage{Binary: "x", Arch: "amd64", Phase: Exec, Unresolved: []Unresolved{}, Syscalls: []Syscall{{
		Name: "mmap", Nr: 9, Evidence: []Evidence{},
		Args: []ArgValues{arg(3, 0x10, 0x32, 0x22, 1<<40|0x22), arg(2, 0, 3, 1, 3)},
		Cases: [][]ArgValues{
			{arg(3, 0, 0x32), arg(2, 0, 3)},
			{arg(2, 0, 1), arg(3, 0, 0x22)},
			{arg(2, 0, 3), arg(3, 0, 0x32)},
		},
	}}}
	var text strings.Builder
	if err := Write(&text, u); err != nil {
		t.Fatal(err)
	}
	got, err := NewDecoder(strings.NewReader(text.String())).Decode()
	if err != nil {
		t.Fatal(err)
	}
	if args, want := fmt.Sprint(got.Syscalls[0].Args), "[{2  [1 3] 0 false} {3  [34] 16 false}]"; args != want {
		t.Errorf("arguments %s, want %s", args, want)
	}
	if cases, want := fmt.Sprint(got.Syscalls[0].Cases), "[[{2  [1] 0 false} {3  [34] 0 false}] [{2  [3] 0 false} {3  [50] 0 false}]]"; cases != want {
		t.Errorf("cases %s, want %s", cases, want)
	}
}

// What one of two does not bound is not bounded in what both do.
func TestUniteArgs(t *testing.T) {
	call := func(cases [][]ArgValues, args ...ArgValues) *Syscall {
		return &Syscall{Name: "socket", Args: args, Cases: cases}
	}
	two := [][]ArgValues{{arg(0, 0, 1), arg(1, 0, 2)}, {arg(0, 0, 2), arg(1, 0, 1)}}
	var many [][]ArgValues
	for i := range uint64(MaxCases) {
		many = append(many, []ArgValues{arg(0, 0, i), arg(1, 0, i)})
	}
	for name, tt := range map[string]struct {
		a, b *Syscall
		want string
	}{
		"values":        {call(nil, arg(0, 0, 1)), call(nil, arg(0, 0, 2)), "[{0  [1 2] 0 false}] []"},
		"free bits":     {call(nil, arg(0, 4, 1)), call(nil, arg(0, 0, 2, 5)), "[{0  [1 2] 4 false}] []"},
		"not there":     {call(nil, arg(0, 0, 1)), call(nil), "[] []"},
		"any":           {call(nil, arg(0, 0, 1)), call(nil, ArgValues{Any: true}), "[{0  [] 0 true}] []"},
		"cases":         {call(two, arg(0, 0, 1, 2)), call(two[:1], arg(0, 0, 1)), "[{0  [1 2] 0 false}] [[{0  [1] 0 false} {1  [2] 0 false}] [{0  [2] 0 false} {1  [1] 0 false}]]"},
		"with no cases": {call(two[:1], arg(0, 0, 1)), call(nil, arg(0, 0, 7)), "[{0  [1 7] 0 false}] [[{0  [1] 0 false} {1  [2] 0 false}] [{0  [7] 0 false}]]"},
		"with any":      {call(two[:1], arg(0, 0, 1)), call(nil, ArgValues{Any: true}), "[{0  [] 0 true}] []"},
		"many cases":    {call(many, arg(0, 0, 1)), call(two, arg(0, 0, 1)), "[{0  [1] 0 false}] []"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := *tt.a, *tt.b
			a.uniteArgs(tt.b, 8)
			b.uniteArgs(tt.a, 8)
			for _, s := range []Syscall{a, b} {
				if got := fmt.Sprint(s.Args, s.Cases); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			}
		})
	}
}

// A child's arguments are its parent's, too.
func TestAddChildArgs(t *testing.T) {
	usage := func(values ...uint64) *Usage {
		return &Usage{Binary: "x", Arch: "amd64", Syscalls: []Syscall{{Name: "openat", Nr: 257, Args: []ArgValues{arg(2, 0, values...)}}}}
	}
	u := usage(0)
	if err := u.AddChild(usage(1, 2)); err != nil {
		t.Fatal(err)
	}
	call, _ := u.Find("openat")
	if got := call.Args[0].Values; !slices.Equal(got, []uint64{0, 1, 2}) {
		t.Errorf("the parent opens with %v", got)
	}
}
