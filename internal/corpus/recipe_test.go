package main

import (
	"slices"
	"testing"
)

// The list that the usual recipe gives lacks calls that the program can make,
// and holds none that curb would not find.
func TestRecipe(t *testing.T) {
	r, err := makeRecipe(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if extra := r.extra(); len(extra) > 0 {
		t.Errorf("one run made calls that the scan does not list: %v", extra)
	}
	// A signal's handler returns by rt_sigreturn: no run without a signal shows it.
	if !slices.Contains(r.missing(), "rt_sigreturn") {
		t.Errorf("the recipe's list is expected to lack rt_sigreturn; it lacks %v", r.missing())
	}
}
