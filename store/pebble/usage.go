package pebble

// DiskUsage is what the directory takes, without flushing anything first: cheap, for gauges. Size tells more, and exactly.
func (s *Store) DiskUsage() (bytes int64, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	return int64(s.db.Metrics().DiskSpaceUsage()), nil
}
