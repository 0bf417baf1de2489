package resolver

// showProgress counts the lane until hide is called.
func (l *lane) showProgress() (hide func()) {
	all := &l.resolver.progress
	all.lanes[l.progress.why].Add(1)
	return func() {
		all.lanes[l.progress.why].Add(-1)
		all.staged.Add(-int64(l.progress.staged))
	}
}

// showChanges shows the Resolver, at the end of a round, what has changed.
func (l *lane) showChanges() {
	all, p := &l.resolver.progress, &l.progress
	if n := l.stage.n; n != p.staged {
		all.staged.Add(int64(n - p.staged))
		p.staged = n
	}
	if p.began != p.shown {
		advance(&all.begun, int64(p.began))
		p.shown = p.began
	}
}

// countTaken counts questions that were taken from the source of the Sweep.
func (l *lane) countTaken(questions []Question) {
	l.sweep.countQuestions(int64(len(questions)))
	if len(questions) > 0 && questions[0].Patient != l.resolver.progress.patient.Load() {
		l.resolver.progress.patient.Store(questions[0].Patient)
	}
}

// setObstacle notes why the lane asks for no more questions.
func (l *lane) setObstacle(why obstacle) {
	if why != l.progress.why {
		l.resolver.progress.lanes[l.progress.why].Add(-1)
		l.resolver.progress.lanes[why].Add(1)
		l.progress.why = why
	}
}

// findObstacle is why the lane has no room for more questions.
func (l *lane) findObstacle() obstacle {
	switch {
	case allStopped(l.resolver.upstreams):
		return obstaclePause
	case l.progress.limited:
		return obstacleRate
	case l.sweep.waiting.Load() >= MostWaiting, l.table.used() >= l.maxQuestions:
		return obstacleWaiting
	}
	return obstacleWindow
}
