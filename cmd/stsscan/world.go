package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/simnet"
)

// openWorld opens a world by the name of its model, or from its path, where seed and night do not apply.
func openWorld(name string, seed uint64, night int) (*simnet.World, error) {
	for _, model := range simnet.Models() {
		if name == model {
			world, err := simnet.Generate(name, seed, night)
			if err != nil {
				return nil, usage(err)
			}
			return world, nil
		}
	}
	world, err := simnet.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%q is neither a model (%s) nor a world: %w", name, modelNames(), err)
		if meant, ok := codes.Nearest(name, simnet.Models()); ok {
			err = fmt.Errorf("%w: did you mean %s?", err, meant)
		}
		return nil, usage(err)
	}
	return world, err
}

// registerWorld registers the flags that select a population of a model.
func registerWorld(flags *pflag.FlagSet, seed *uint64, night *int) {
	flags.Uint64Var(seed, "seed", defaultSeed, "`N`: seed of the simulated Internet")
	flags.IntVar(night, "night", 0, "`N`: night of the simulated Internet; each changes a little")
}

// The population of the simulated Internet that demo scans and simnet serves.
const (
	demoModel   = "errors"
	defaultSeed = 1
)

// anyPort is a loopback address with a free port.
const anyPort = "127.0.0.1:0"

func modelNames() string { return strings.Join(simnet.Models(), ", ") }
