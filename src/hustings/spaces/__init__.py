"""A Space's schedule, roles, invitations, raised hands and seats; and telling the stage of it."""
