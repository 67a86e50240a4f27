//! Actions: what a person can ask for by menu, tool bar, key or palette. One list feeds all of them.
//!
//! An action has no payload. The window turns it into a command, a tool, or a panel that opens.

use crate::text::Text;

/// The menus, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Menu {
    /// Files.
    Project,
    /// Undo, notes, forms.
    Edit,
    /// What is seen.
    View,
    /// Layers.
    Layer,
    /// Selection.
    Select,
    /// The sewer workbench.
    Sewer,
    /// Language, theme, author.
    Settings,
    /// Help.
    Help,
}

impl Menu {
    /// All, from left to right.
    pub const ALL: [Self; 8] =
        [Self::Project, Self::Edit, Self::View, Self::Layer, Self::Select, Self::Sewer, Self::Settings, Self::Help];

    /// Its word.
    pub fn name(self) -> Text {
        match self {
            Self::Project => Text::new("项目", "Project"),
            Self::Edit => Text::new("编辑", "Edit"),
            Self::View => Text::new("视图", "View"),
            Self::Layer => Text::new("图层", "Layer"),
            Self::Select => Text::new("选择", "Select"),
            Self::Sewer => Text::new("排水", "Sewer"),
            Self::Settings => Text::new("设置", "Settings"),
            Self::Help => Text::new("帮助", "Help"),
        }
    }
}

/// What must be so for an action to be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// An open city.
    City,
    /// An open city that can be changed.
    Writable,
    /// Something selected.
    Selection,
    /// Something to take back.
    Undo,
    /// Something to do again.
    Redo,
}

/// One action.
#[derive(Debug)]
pub struct Action {
    /// Which.
    pub id: ActionId,
    /// Its words in menu, palette, log and help.
    pub name: Text,
    /// Short words for the tool bar.
    pub short: Text,
    /// Keys as written for people: `Ctrl+Shift+I`; alternatives behind `/`.
    pub keys: &'static str,
    /// Phosphor icon name, as `MAP_PIN_PLUS`.
    pub icon: &'static str,
    /// The menu it stands in.
    pub menu: Menu,
    /// When it is possible.
    pub needs: Needs,
}

macro_rules! actions {
    ($($id:ident, $zh:literal, $en:literal, $short_zh:literal, $short_en:literal, $keys:literal, $icon:literal, $menu:ident, $needs:ident;)*) => {
        /// The id of an action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is named in both languages in ACTIONS")]
        pub enum ActionId { $($id,)* }

        /// Every action, in menu order.
        pub static ACTIONS: &[Action] = &[$(Action {
            id: ActionId::$id,
            name: Text::new($zh, $en),
            short: Text::new($short_zh, $short_en),
            keys: $keys,
            icon: $icon,
            menu: Menu::$menu,
            needs: Needs::$needs,
        },)*];
    };
}

actions! {
    NewCity, "新建城市…", "New city…", "新建", "New", "Ctrl+N", "FILE_PLUS", Project, Nothing;
    OpenCity, "打开城市…", "Open city…", "打开", "Open", "Ctrl+O", "FOLDER_OPEN", Project, Nothing;
    SampleCity, "打开示例城市", "Open the sample city", "示例", "Sample", "", "BUILDINGS", Project, Nothing;
    ImportFile, "导入文件…", "Import a file…", "导入", "Import", "Ctrl+I/Ctrl+Shift+V", "DOWNLOAD_SIMPLE", Project, Writable;
    ExportLayer, "导出图层…", "Export a layer…", "导出", "Export", "Ctrl+E", "EXPORT", Project, City;
    Backup, "备份城市…", "Back up the city…", "备份", "Back up", "Ctrl+Shift+S", "COPY", Project, City;
    PrintMap, "打印地图…", "Print the map…", "打印", "Print", "Ctrl+P", "PRINTER", Project, City;
    SavePicture, "地图存为图片…", "Save the map as a picture…", "图片", "Picture", "Ctrl+Shift+E", "IMAGE", Project, City;
    CloseCity, "关闭城市", "Close the city", "关闭", "Close", "Ctrl+W", "X", Project, City;
    Undo, "撤销", "Undo", "撤销", "Undo", "Ctrl+Z", "ARROW_U_UP_LEFT", Edit, Undo;
    Redo, "重做", "Redo", "重做", "Redo", "Ctrl+Shift+Z/Ctrl+Y", "ARROW_U_UP_RIGHT", Edit, Redo;
    ShowHistory, "操作记录", "History", "记录", "History", "Ctrl+5", "CLOCK_COUNTER_CLOCKWISE", Edit, City;
    NotePoint, "标注点", "Note at a point", "标注", "Note", "2", "MAP_PIN_PLUS", Edit, Writable;
    NoteLine, "标注线", "Note along a line", "线标注", "Line note", "3", "LINE_SEGMENTS", Edit, Writable;
    NoteArea, "标注面", "Note for an area", "面标注", "Area note", "4", "POLYGON", Edit, Writable;
    EditForm, "编辑属性", "Edit attributes", "编辑", "Edit", "F2", "PENCIL_SIMPLE", Edit, Writable;
    DeleteSelected, "删除所选要素", "Delete the selected features", "删除", "Delete", "Delete", "TRASH", Edit, Selection;
    Pan, "浏览", "Pan", "浏览", "Pan", "Ctrl+Shift+H", "HAND", View, Nothing;
    Identify, "识别", "Identify", "识别", "Identify", "Ctrl+Shift+I", "CURSOR_CLICK", View, City;
    MeasureLength, "测量距离", "Measure a distance", "测距", "Distance", "Ctrl+Shift+M", "RULER", View, City;
    MeasureArea, "测量面积", "Measure an area", "测面积", "Area", "Ctrl+Shift+J", "SHAPES", View, City;
    ZoomIn, "放大", "Zoom in", "放大", "In", "PageUp/Ctrl+Plus", "PLUS", View, City;
    ZoomOut, "缩小", "Zoom out", "缩小", "Out", "PageDown/Ctrl+Minus", "MINUS", View, City;
    ZoomAll, "全图", "Zoom to everything", "全图", "All", "Home/Ctrl+Shift+F", "CORNERS_OUT", View, City;
    ZoomSelection, "缩放到所选", "Zoom to the selection", "到所选", "Selection", "Ctrl+J", "FRAME_CORNERS", View, Selection;
    TurnLeft, "逆时针旋转地图", "Turn the map anticlockwise", "左转", "Turn left", "Ctrl+[", "ARROW_COUNTER_CLOCKWISE", View, City;
    TurnRight, "顺时针旋转地图", "Turn the map clockwise", "右转", "Turn right", "Ctrl+]", "ARROW_CLOCKWISE", View, City;
    NorthUp, "正北朝上", "North up", "朝北", "North up", "Ctrl+Shift+N", "COMPASS", View, City;
    PreviousView, "上一视图", "Previous view", "上一视图", "Back", "Alt+Left", "ARROW_LEFT", View, City;
    NextView, "下一视图", "Next view", "下一视图", "Forward", "Alt+Right", "ARROW_RIGHT", View, City;
    AddBookmark, "添加书签…", "Add a bookmark…", "书签", "Bookmark", "Ctrl+B", "BOOKMARK_SIMPLE", View, City;
    Bookmarks, "书签列表", "Bookmarks", "书签", "Bookmarks", "Ctrl+7", "LIST_MAGNIFYING_GLASS", View, City;
    CoordinateGrid, "坐标格网", "Coordinate grid", "格网", "Grid", "Ctrl+G", "GRID_FOUR", View, City;
    OverviewMap, "鹰眼图", "Overview map", "鹰眼", "Overview", "Ctrl+8", "MAP_TRIFOLD", View, City;
    SecondMap, "双图联动", "Linked second map", "双图", "Two maps", "Ctrl+M", "COLUMNS", View, City;
    Swipe, "卷帘对比", "Swipe", "卷帘", "Swipe", "Ctrl+Alt+M", "SQUARE_HALF", View, City;
    AllPanels, "显示或收起所有面板", "All panels on or off", "面板", "Panels", "Ctrl+Tab", "LAYOUT", View, Nothing;
    LeftPanel, "左侧面板", "Left panel", "左栏", "Left", "[", "SIDEBAR_SIMPLE", View, Nothing;
    RightPanel, "右侧面板", "Right panel", "右栏", "Right", "]", "SIDEBAR_SIMPLE", View, Nothing;
    FullScreen, "全屏", "Full screen", "全屏", "Full", "F11", "ARROWS_OUT", View, Nothing;
    Diagnostics, "诊断信息", "Diagnostics", "诊断", "Diagnostics", "F12", "GAUGE", View, Nothing;
    NewLayer, "新建图层…", "New layer…", "新图层", "New layer", "", "PLUS", Layer, Writable;
    AddGround, "添加离线底图…", "Add an offline base map…", "底图", "Base map", "", "IMAGE", Layer, Writable;
    MakeBasemap, "用 OSM 数据做底图…", "Make a base map of OSM data…", "OSM 底图", "OSM map", "", "MAP_TRIFOLD", Layer, Writable;
    AttributeTable, "属性表", "Attribute table", "属性表", "Table", "F6", "TABLE", Layer, City;
    NoteList, "标注列表", "List of notes", "标注表", "Notes", "Alt+2", "LIST_BULLETS", Layer, City;
    LayerStyle, "图层样式…", "Layer style…", "样式", "Style", "Ctrl+3", "PALETTE", Layer, City;
    RenameLayer, "重命名图层", "Rename the layer", "改名", "Rename", "", "TEXT_T", Layer, Writable;
    ZoomLayer, "缩放到图层", "Zoom to the layer", "到图层", "Layer", "", "MAGNIFYING_GLASS_PLUS", Layer, City;
    RemoveLayer, "移除图层", "Remove the layer", "移除", "Remove", "Ctrl+D", "MINUS_CIRCLE", Layer, Writable;
    ShowAllLayers, "显示所有图层", "Show all layers", "全显", "Show", "Ctrl+Shift+U", "EYE", Layer, City;
    SelectTool, "选择", "Select", "选择", "Select", "1", "SELECTION", Select, City;
    SelectWhere, "按条件选择…", "Select by condition…", "条件", "By condition", "F3/Ctrl+F3", "FUNNEL", Select, City;
    SelectAll, "全选图层要素", "Select all of the layer", "全选", "All", "Ctrl+A", "CHECK_SQUARE", Select, City;
    ClearSelection, "取消选择", "Deselect everything", "取消", "Deselect", "Ctrl+Shift+A/Ctrl+Alt+A", "SELECTION_SLASH", Select, Selection;
    TraceUp, "上游追溯", "Trace upstream", "上游", "Upstream", "5", "ARROW_LINE_UP", Sewer, City;
    TraceDown, "下游追溯", "Trace downstream", "下游", "Downstream", "6", "ARROW_LINE_DOWN", Sewer, City;
    SewerProfile, "纵断面", "Long profile", "纵断面", "Profile", "7", "CHART_LINE", Sewer, City;
    ClosePipe, "关闭管段推演", "What if a pipe is closed", "关闭", "Close", "8", "PROHIBIT", Sewer, City;
    SewerPath, "两点间最短路径", "Shortest way between two places", "最短路径", "Shortest", "9", "ARROWS_LEFT_RIGHT", Sewer, City;
    LongestWay, "最长排水路径", "Longest way to an outlet", "最长路径", "Longest", "", "PATH", Sewer, City;
    SewerPanel, "排水管网面板", "Sewer panel", "管网", "Sewers", "Alt+1", "TREE_STRUCTURE", Sewer, City;
    SewerChecks, "管网检查", "Check the network", "检查", "Checks", "", "LIST_CHECKS", Sewer, City;
    SewerCross, "错混接排查", "Find cross connections", "错混接", "Cross", "", "ARROWS_SPLIT", Sewer, City;
    SewerCondition, "检测评估（CJJ 181）", "Condition after CJJ 181", "评估", "Condition", "", "CLIPBOARD_TEXT", Sewer, City;
    SewerInspected, "检测里程", "Kilometres inspected", "里程", "Inspected", "", "CALENDAR_CHECK", Sewer, City;
    SewerPlan, "养护修复计划", "Repair plan", "计划", "Plan", "", "WRENCH", Sewer, City;
    SewerBasins, "厂网一体分区", "What drains where", "厂网", "Basins", "", "FACTORY", Sewer, City;
    SewerUsers, "排水户", "Drainage users", "排水户", "Users", "", "USERS", Sewer, City;
    SewerCapacity, "排水能力与负荷", "Capacity and load", "负荷", "Capacity", "", "GAUGE", Sewer, City;
    EnterInspection, "录入检测记录…", "Enter an inspection…", "录入", "Enter", "", "PLUS_CIRCLE", Sewer, Writable;
    ImportDefects, "导入检测缺陷表…", "Import a table of defects…", "导入", "Import", "", "FILE_CSV", Sewer, Writable;
    UnitCosts, "养护单价表…", "Unit costs of repair…", "单价", "Costs", "", "TABLE", Sewer, City;
    WriteRatings, "评估结果写入图层", "Write the ratings into the layers", "写入", "Write", "", "FLOPPY_DISK", Sewer, Writable;
    WriteSwmm, "写成 SWMM 模型…", "Write a SWMM model…", "SWMM", "SWMM", "", "EXPORT", Sewer, City;
    PipesByGrade, "管线按修复等级 RI 着色", "Colour pipes by repair grade (RI)", "等级色", "By grade", "", "PALETTE", Sewer, Writable;
    PipesByLoad, "管线按旱流负荷率着色", "Colour pipes by dry-weather load", "负荷色", "By load", "", "GAUGE", Sewer, Writable;
    PipesByDirection, "管线按流向依据着色", "Colour pipes by what says their direction", "流向色", "By direction", "", "ARROWS_LEFT_RIGHT", Sewer, Writable;
    PipesUsual, "恢复管线样式", "Pipes as usual again", "原样", "As usual", "", "PAINT_BUCKET", Sewer, Writable;
    HideSewer, "地图上显示或隐藏管网结果", "Sewer results on the map or off it", "隐藏", "Hide", "", "EYE_SLASH", Sewer, City;
    ClearSewer, "清除管网结果", "Clear the sewer results", "清除", "Clear", "", "ERASER", Sewer, City;
    SwitchLanguage, "切换到 English", "切换到中文", "语言", "Language", "", "TRANSLATE", Settings, Nothing;
    SwitchTheme, "深色 / 浅色", "Dark / light", "主题", "Theme", "", "MOON", Settings, Nothing;
    OpenSettings, "设置…", "Settings…", "设置", "Settings", "Ctrl+Shift+P", "GEAR", Settings, Nothing;
    Palette, "搜索与操作", "Search and actions", "搜索", "Search", "Ctrl+K", "MAGNIFYING_GLASS", Help, Nothing;
    KeySheet, "快捷键", "Keys", "快捷键", "Keys", "F1", "KEYBOARD", Help, Nothing;
    Welcome, "从这里开始", "Where to start", "开始", "Start", "", "FLAG", Help, Nothing;
    About, "关于城格", "About citygrid", "关于", "About", "", "INFO", Help, Nothing;
}

/// The action with an id.
pub fn action(id: ActionId) -> &'static Action {
    ACTIONS.iter().find(|action| action.id == id).unwrap_or(&ACTIONS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_words_and_no_two_share_a_key() {
        let mut keys: Vec<&str> = ACTIONS.iter().flat_map(|action| action.keys.split('/')).collect();
        keys.retain(|key| !key.is_empty());
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all, "{keys:?}");
        assert!(ACTIONS.iter().all(|action| !action.name.zh.is_empty() && !action.name.en.is_empty()));
    }
}
