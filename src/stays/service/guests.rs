//! Guests verified, as far as the agreement lets that be asked.
