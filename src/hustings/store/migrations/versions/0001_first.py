"""The first tables: people, Spaces, and who was asked or asks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts_and_links()
    _credentials()
    _spaces_and_seats()
    _invitations_and_requests()


def _accounts_and_links() -> None:


def _credentials() -> None:


def _spaces_and_seats() -> None:


def _invitations_and_requests() -> None:
