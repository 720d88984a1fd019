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
	// No run shows it that is not stopped and continued.
	if !slices.Contains(r.missing(), "restart_syscall") {
		t.Errorf("the recipe's list is expected to lack restart_syscall; it lacks %v", r.missing())
	}
}
