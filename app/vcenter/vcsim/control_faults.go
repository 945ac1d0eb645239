package vcsim

import "net/http"

func (s *Server) postFault(w http.ResponseWriter, r *http.Request) {
	order := &arguments{}
	if !decode(w, r, order) {
		return
	}
	id, err := s.faults.add(order)
	if err != nil {
		refuse(w, err.Error())
		return
	}
	s.logger.Info().Int("id", id).Stringer("fault", order).Msg("fault taken up")
	answer(w, http.StatusOK, map[string]any{"id": id})
}

func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.faults.list())
}

func (s *Server) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"cleared": s.faults.clear()})
}
