package vcsim

import (
	"errors"
	"math/rand/v2"

	"github.com/vmware/govmomi/vim25/types"
)

// Mix says what the events of the workload are about. Zero leaves a share to the weights of the recipes, and the busiest
// machine as busy as the others.
type Mix struct {
	None    float64 // share of events without an entity, such as logins
	Switch  float64 // of events about the distributed switches and their port groups
	Host    float64 // of events about hosts
	Busiest float64 // of events about the first machine; the others share what is left
}

// ParseMix reads name=share,name=share, shares between 0 and 1: none=0.1,host=0.05,busiest=0.02. An empty text is the zero
// value.
func ParseMix(text string) (Mix, error) {
	if text == "" {
		return Mix{}, nil
	}
	a, err := parseArguments(text)
	if err != nil {
		return Mix{}, err
	}
	m := Mix{None: a.share("none", 0), Switch: a.share("switch", 0), Host: a.share("host", 0), Busiest: a.share("busiest", 0)}
	return m, a.err()
}

// validate leaves a half for the other machines.
func (m Mix) validate() error {
	if m.None+m.Switch+m.Host+m.Busiest > 0.5 {
		return errors.New("the shares of the mix must be at most 0.5 together: the rest is about the other machines")
	}
	return nil
}

// subject is what a kind of event is about.
type subject int

const (
	aboutNothing subject = iota
	aboutSwitch
	aboutHost
	aboutMachine
	subjects
)

func subjectOf(event *types.Event) subject {
	switch {
	case event.Vm != nil:
		return aboutMachine
	case event.Host != nil:
		return aboutHost
	case event.Dvs != nil || event.Net != nil:
		return aboutSwitch
	default:
		return aboutNothing
	}
}

// odds are the chances of the recipes, by their place, and that of the first machine.
type odds struct {
	weights []int
	total   int
	busiest float64 // 0: that of any machine
}

// newOdds needs some machine to see what the recipes are about.
func newOdds(mix Mix, some *machine) odds {
	var o odds
	var sums [subjects]int
	about := make([]subject, len(recipes))
	for i, r := range recipes {
		about[i] = subjectOf(r.body(scene{machine: some}).GetEvent())
		sums[about[i]] += r.weight
	}
	shares := mix.shares(sums)
	for i, r := range recipes {
		weight := r.weight
		if mix != (Mix{}) { // else the sequence of a seed is what it always was
			const exact = 1 << 20
			weight = int(exact * shares[about[i]] * float64(weight) / float64(sums[about[i]]))
		}
		o.weights = append(o.weights, weight)
		o.total += weight
	}
	o.busiest = mix.Busiest / shares[aboutMachine]
	return o
}

// shares are those of the subjects: what the mix says, and what is left as the weights say.
func (m Mix) shares(weights [subjects]int) [subjects]float64 {
	shares := [subjects]float64{aboutNothing: m.None, aboutSwitch: m.Switch, aboutHost: m.Host}
	open := 0
	for about, share := range shares {
		if share == 0 {
			open += weights[about]
		}
	}
	left := 1 - m.None - m.Switch - m.Host
	for about, share := range shares {
		if share == 0 {
			shares[about] = left * float64(weights[about]) / float64(open)
		}
	}
	return shares
}

// recipe draws a kind of event.
func (o *odds) recipe(random *rand.Rand) *recipe {
	n := random.IntN(o.total)
	for i, weight := range o.weights {
		if n -= weight; n < 0 {
			return &recipes[i]
		}
	}
	return &recipes[0] // not reached: the weights add up to total
}

// machine draws one of at least two.
func (o *odds) machine(random *rand.Rand, machines []*machine) *machine {
	switch {
	case o.busiest == 0:
		return machines[random.IntN(len(machines))]
	case random.Float64() < o.busiest:
		return machines[0]
	default:
		return machines[1+random.IntN(len(machines)-1)]
	}
}
