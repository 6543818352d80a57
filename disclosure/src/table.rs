//! Tables of statistics (集計表).
