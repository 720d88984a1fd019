// Package measure takes times on a machine that has other things to do as well:
// what is compared takes turns, and medians count.
package measure

import (
	"cmp"
	"fmt"
	"slices"
)

// Turns calls all contestants in each of the rounds, beginning with another one
// each time. Each returns one or several figures, always as many. The result has
// the median of each figure, by contestant.
func Turns(rounds int, contestants []func() ([]float64, error)) ([][]float64, error) {
	taken := make([][][]float64, len(contestants)) // by contestant, and by figure
	for round := range rounds {
		for turn := range contestants {
			i := (round + turn) % len(contestants)
			figures, err := contestants[i]()
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", round+1, err)
			}
			if taken[i] == nil {
				taken[i] = make([][]float64, len(figures))
			}
			for f, figure := range figures {
				taken[i][f] = append(taken[i][f], figure)
			}
		}
	}
	medians := make([][]float64, len(contestants))
	for i, figures := range taken {
		for _, all := range figures {
			medians[i] = append(medians[i], Median(all))
		}
	}
	return medians, nil
}

// Median sorts the values, of which there must be one at least, and returns the
// one in the middle.
func Median[N cmp.Ordered](all []N) N {
	slices.Sort(all)
	return all[len(all)/2]
}
