//go:build !unix

package machine

// descriptorLimit is 0: there is no limit that matters.
func descriptorLimit() int { return 0 }
