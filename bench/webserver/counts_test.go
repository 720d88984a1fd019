package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const printed = `{"type": "attached_probes", "data": {"probes": 1}}
{"type": "map", "data": {"@calls": {"0,0": 7, "202,128": 3, "202,129": 9, "59,0": 1}}}
`
	calls, err := parse([]byte(printed))
	if err != nil || fmt.Sprint(calls) != "[9 futex 0x81 7 read 0x0 3 futex 0x80]" {
		t.Errorf("parsed: %v, %v", calls, err)
	}
	for bad, want := range map[string]string{
		"":     "it counted nothing",
		"what": "invalid character",
		`{"type": "map", "data": {"@calls": {"100000,0": 7}}}`: "there is no system call 100000",
		`{"type": "map", "data": {"@calls": {"all": 7}}}`:      `the key "all"`,
	} {
		if calls, err := parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is parsed: %v, %v, want an error with %q", bad, calls, err, want)
		}
	}
}

// TestScript: the program for bpftrace looks at the arguments that are checked.
func TestScript(t *testing.T) {
	text, err := script()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sys_enter /pid == cpid/", "if (args->id == 202) { $arg = (uint64)args->args[1]; }", "@calls[args->id, $arg] = count();"} {
		if !strings.Contains(text, want) {
			t.Errorf("the program lacks %q:\n%s", want, text)
		}
	}
}
