// Package other has variables that others set.
package other

var (
	// ByInit is set by another package's initialiser.
	ByInit bool

	hidden int
	secret int
)

// Hidden reports whether hidden was set, which nothing here does.
func Hidden() bool { return hidden == 4 }

// Secret reports whether setSecret was called, which nothing here does.
func Secret() bool { return secret == 5 }

func setSecret(value int) { secret = value }
