"""How long a programme is held back, and whether echoes are silenced by rule. Neither, where nobody could choose."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spaces", sa.Column("delay", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.add_column("spaces", sa.Column("mute_echo", sa.Boolean(), nullable=False, server_default=sa.false()))
