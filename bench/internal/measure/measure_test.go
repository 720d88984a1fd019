package measure

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTurns(t *testing.T) {
	var order strings.Builder
	contestant := func(name string, figures ...float64) func() ([]float64, error) {
		i := -1
		return func() ([]float64, error) {
			i++
			order.WriteString(name)
			return []float64{figures[i], -figures[i]}, nil
		}
	}
	got, err := Turns(3, []func() ([]float64, error){contestant("a", 9, 1, 2), contestant("b", 5, 7, 6)})
	if err != nil || fmt.Sprint(got) != "[[2 -2] [6 -6]]" {
		t.Errorf("the medians are %v, %v", got, err)
	}
	if order.String() != "abbaab" {
		t.Errorf("the turns were %s", &order)
	}
	broken := func() ([]float64, error) { return nil, errors.New("broken") }
	if _, err := Turns(1, []func() ([]float64, error){broken}); err == nil || err.Error() != "round 1: broken" {
		t.Errorf("the error is %v", err)
	}
}
