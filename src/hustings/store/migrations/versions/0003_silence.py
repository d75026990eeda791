"""Whether a Space's silence is intended. It was not, wherever nobody could say so."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spaces", sa.Column("silence_intended", sa.Boolean(), nullable=False, server_default=sa.false()))
