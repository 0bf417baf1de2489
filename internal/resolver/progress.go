package resolver

import (
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
)

// A sweepProgress is how far all Sweeps of a Resolver are. Lanes write it.
type sweepProgress struct {
	lanes    [obstacles]atomic.Int32 // by their obstacle
	underway atomic.Int64            // questions without an answer
	staged   atomic.Int64            // of them, those that wait to be sent
	begun    atomic.Int64            // when the latest was sent first, in nanoseconds since the Resolver began
	patient  atomic.Bool             // the latest ones are asked with patience
}

// A laneProgress is how far a lane is, and what of it the Resolver's sweepProgress has.
type laneProgress struct {
	why     obstacle
	limited bool          // the rate held questions back in this round
	began   time.Duration // when a question was sent for the first time, last
	staged  int           // questions that waited to be sent at the end of the last round
	shown   time.Duration // began, as the Resolver has it
}

// advance makes an instant later, or leaves it.
func advance(instant *atomic.Int64, to int64) {
	for {
		old := instant.Load()
		if old >= to || instant.CompareAndSwap(old, to) {
			return
		}
	}
}

// An obstacle is why a lane asks for no more questions.
type obstacle uint8

const (
	noObstacle obstacle = iota // it asks
	obstacleWindow
	obstacleWaiting
	obstacleRate
	obstaclePause
	obstacles
)

// word is the obstacle for other packages.
func (o obstacle) word() codes.Standstill {
	return [obstacles]codes.Standstill{
		"", codes.StandstillWindow, codes.StandstillWaiting, codes.StandstillRate, codes.StandstillPause,
	}[o]
}

// commonObstacle is the obstacle of most lanes; none where there is no lane, or one asks.
func (p *sweepProgress) commonObstacle() (most obstacle) {
	if p.lanes[noObstacle].Load() > 0 {
		return noObstacle
	}
	for why := range p.lanes {
		if p.lanes[why].Load() > p.lanes[most].Load() {
			most = obstacle(why)
		}
	}
	return most
}
